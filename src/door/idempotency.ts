import { createHash } from 'node:crypto';
import { type Clock, canonicalJson, jsonSafe, LakeError, type Statement, sha256Hex } from '../base/index.ts';
import { identityLabel } from '../govern/scope/index.ts';
import { type MetastoreReader, statement } from '../metastore/index.ts';
import { doorErrors } from './errors.ts';
import type { Validated } from './steps/validate.ts';

/** What a caller was told: all of an answer that a replay gives again. */
export interface Told {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: unknown;
}

/** The answer of an earlier request under the same key. */
export interface Remembered extends Told {
  readonly fingerprint: string;
}

/** A key held by a request in flight. */
export interface Reservation {
  readonly remembered: Remembered | null;
  /** The statement that remembers the answer, for the mutation's transaction; see `requireUntaken`. */
  record(fingerprint: string, told: Told): Statement;
  release(): void;
}

/**
 * Same key, same effect once (G-5). Keys belong to identity × operation. A key is held in memory from the headers on,
 * and its record is committed with the change itself, so that a crash keeps both or neither.
 */
export interface Idempotency {
  /** Null where the request has no key. Throws `door.idempotency_in_flight`. */
  reserve(request: Validated): Promise<Reservation | null>;
  /** Forgets records older than the retention. */
  retention(): Statement;
}

const TAKEN = 'idempotency_taken';

/**
 * Throws `door.idempotency_in_flight` where a change was refused because the answer to its key is recorded already: by another
 * gateway on the same store, or by a commit whose outcome was not known. No later attempt at it can do better.
 */
export function requireUntaken(refusal: string): void {
  if (refusal !== TAKEN) return;
  throw new LakeError(doorErrors.idempotency_in_flight, {
    detail:
      'A request with this Idempotency-Key was answered while this one ran; send this one again to get its answer.',
  });
}

export function createIdempotency(parts: {
  store: MetastoreReader;
  clock: Clock;
  retentionMs: number;
}): Idempotency {
  const { store, clock, retentionMs } = parts;
  const inFlight = new Set<string>();

  async function lookUp(identity: string, operation: string, key: string): Promise<Remembered | null> {
    const rows = await store.read(
      store.queries
        .selectFrom('idempotency_records')
        .select(['fingerprint', 'status', 'headers_json', 'response_json'])
        .where('identity', '=', identity)
        .where('operation', '=', operation)
        .where('idempotency_key', '=', key)
        .where('created_ms', '>', clock.nowMs() - retentionMs),
    );
    const row = rows[0];
    if (row === undefined) return null;
    return {
      fingerprint: row.fingerprint,
      status: Number(row.status),
      headers: JSON.parse(row.headers_json),
      value: JSON.parse(row.response_json),
    };
  }

  return {
    async reserve({ caller }) {
      const key = caller.call.idempotencyKey;
      if (key === null) return null;
      const identity = identityLabel(caller.identity);
      const operation = caller.operation.name;
      const held = JSON.stringify([identity, operation, key]);
      if (inFlight.has(held)) {
        throw new LakeError(doorErrors.idempotency_in_flight, {
          detail:
            'A request with this Idempotency-Key is still running; wait for it and send this one again.',
        });
      }
      inFlight.add(held);
      const release = () => inFlight.delete(held);
      try {
        return {
          remembered: await lookUp(identity, operation, key),
          release,
          record: (fingerprint, { status, headers, value }) => {
            const row = {
              identity,
              operation,
              idempotency_key: key,
              fingerprint,
              status,
              headers_json: JSON.stringify(headers),
              response_json: JSON.stringify(jsonSafe(value)),
              created_ms: clock.nowMs(),
            };
            const insert = store.queries
              .insertInto('idempotency_records')
              .values(row)
              .onConflict((conflict) =>
                conflict
                  .columns(['identity', 'operation', 'idempotency_key'])
                  .doUpdateSet(row)
                  .where('idempotency_records.created_ms', '<=', clock.nowMs() - retentionMs),
              );
            return statement(insert, { rows: 1, refusal: TAKEN });
          },
        };
      } catch (error) {
        release();
        throw error;
      }
    },
    retention: () =>
      statement(
        store.queries
          .deleteFrom('idempotency_records')
          .where('created_ms', '<=', clock.nowMs() - retentionMs),
      ),
  };
}

/** Content that is hashed while the operation reads it, so that the fingerprint covers what was really sent. */
export interface HashedBody {
  readonly stream: AsyncIterable<Uint8Array> | null;
  /** The SHA-256 of the whole content; reads what was left unread, and may be asked for again. Null without content. */
  digest(): Promise<string | null>;
}

export function hashBody(body: AsyncIterable<Uint8Array> | null): HashedBody {
  if (body === null) return { stream: null, digest: async () => null };
  const hash = createHash('sha256');
  let digest: Promise<string> | null = null;
  const source = body[Symbol.asyncIterator]();
  const stream: AsyncIterableIterator<Uint8Array> = {
    [Symbol.asyncIterator]: () => stream,
    async next() {
      const step = await source.next();
      if (step.done !== true) hash.update(step.value);
      return step;
    },
  };
  const readOut = async () => {
    while ((await stream.next()).done !== true);
    return hash.digest('hex');
  };
  return {
    stream,
    digest() {
      digest ??= readOut();
      return digest;
    },
  };
}

/** SHA-256 over the parsed fields and the content's own SHA-256; never over multipart bytes, which vary by boundary. */
export function fingerprintOf(input: unknown, contentSha256: string | null): string {
  return sha256Hex(canonicalJson({ input: jsonSafe(input), content: contentSha256 }));
}

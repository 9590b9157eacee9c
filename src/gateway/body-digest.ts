import { createHash, type Hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { LakeError } from '../base/index.ts';
import { gatewayErrors } from './errors.ts';

const FIELDS = ['content-digest', 'repr-digest'] as const;
const ALGORITHMS: ReadonlyMap<string, { readonly name: string; readonly bytes: number }> = new Map([
  ['sha-256', { name: 'sha256', bytes: 32 }],
  ['sha-512', { name: 'sha512', bytes: 64 }],
]);
/** One member of a dictionary (RFC 9651): `sha-256=:…base64…:`. */
const MEMBER = /^([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):$/;

interface Expected {
  readonly field: string;
  readonly algorithm: string;
  readonly digest: Buffer;
}

/**
 * The digests a client says its body has (RFC 9530), held against the bytes as they arrive; null where it says none that
 * is read here. A request's representation is its content, so both fields are said of the same bytes. Other algorithms
 * are passed over, as the RFC has it. Throws `gateway.digest_invalid`.
 */
export function bodyDigest(headers: IncomingHttpHeaders): BodyDigest | null {
  const expected = FIELDS.flatMap((field) => {
    const text = headers[field];
    return text === undefined ? [] : membersOf(field, String(text));
  });
  return expected.length === 0 ? null : new BodyDigest(expected);
}

export class BodyDigest {
  readonly #expected: readonly Expected[];
  readonly #hashes: ReadonlyMap<string, Hash>;

  constructor(expected: readonly Expected[]) {
    this.#expected = expected;
    this.#hashes = new Map(
      expected.map(({ algorithm }) => [algorithm, createHash(ALGORITHMS.get(algorithm)?.name ?? '')]),
    );
  }

  push(bytes: Uint8Array): void {
    for (const hash of this.#hashes.values()) hash.update(bytes);
  }

  /** To be called once, after the last byte. Throws `gateway.digest_mismatch`. */
  requireMatch(): void {
    const found = new Map(Array.from(this.#hashes, ([algorithm, hash]) => [algorithm, hash.digest()]));
    const wrong = this.#expected.find(({ algorithm, digest }) => !found.get(algorithm)?.equals(digest));
    if (wrong === undefined) return;
    const field = wrong.field === 'content-digest' ? 'Content-Digest' : 'Repr-Digest';
    throw new LakeError(gatewayErrors.digest_mismatch, {
      detail: `The body that arrived does not have the ${wrong.algorithm} digest that ${field} says. Nothing of it was kept.`,
      data: { field, algorithm: wrong.algorithm },
    });
  }

  /** The same bytes, whose end is the end only where they match. */
  async *checked(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      this.push(chunk);
      yield chunk;
    }
    this.requireMatch();
  }

  /** Hashes what another reader takes from a stream that nobody reads yet, without taking it away. */
  watch(source: Readable): void {
    // A paused stream waits for its reader, who comes later than this listener.
    source.pause();
    source.on('data', (chunk: Uint8Array) => this.push(chunk));
  }
}

function membersOf(field: (typeof FIELDS)[number], text: string): readonly Expected[] {
  return text.split(',').flatMap((part) => {
    const [, algorithm = '', base64 = ''] = MEMBER.exec(part.trim()) ?? [];
    const digest = Buffer.from(base64, 'base64');
    if (algorithm === '') throw invalid(field, 'write it as sha-256=:<base64>:');
    const known = ALGORITHMS.get(algorithm);
    if (known === undefined) return [];
    if (digest.length !== known.bytes)
      throw invalid(field, `${algorithm} has ${known.bytes} bytes in base64`);
    return [{ field, algorithm, digest }];
  });
}

function invalid(field: string, why: string): LakeError {
  return new LakeError(gatewayErrors.digest_invalid, {
    detail: `The header ${field} is not well-formed: ${why}.`,
  });
}

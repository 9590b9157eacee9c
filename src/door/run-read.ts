import { isLakeError, type Logger } from '../base/index.ts';
import type { ReadAnswer } from '../govern/scope/index.ts';
import { scopeIssuer } from '../govern/scope/index.ts';
import type { Truth } from '../govern/truth/index.ts';
import type { Answer } from './door.ts';
import { doorErrors } from './errors.ts';
import type { Lifetime } from './lifetime.ts';
import { grantParts } from './scope-parts.ts';
import type { Audited, Auditor, AuditResult } from './steps/audit.ts';
import { judgeAfter } from './steps/judge.ts';

interface ReadParts {
  readonly audited: Audited;
  readonly auditor: Auditor;
  readonly truth: Truth;
  readonly lifetime: Lifetime;
  readonly log: Logger;
  readonly authorise: Parameters<typeof grantParts>[0]['authorise'];
}

/** Runs a read whose audit row is open; the row is closed, durably, before the answer's last byte leaves. */
export async function runRead(parts: ReadParts): Promise<Answer> {
  const { audited, auditor, truth, lifetime } = parts;
  const { request, resolved } = audited.judged.grant.resolution;
  const { operation, call, identity } = request.caller;
  if (operation.kind !== 'read') throw new Error(`${operation.name} is not a read`);
  const scope = scopeIssuer.read(grantParts({ ...parts, judged: audited.judged, signal: lifetime.signal }));
  const finish = async (result: AuditResult) => {
    lifetime.end();
    scopeIssuer.close(scope);
    await auditor.close(audited, result);
  };
  try {
    const answer: ReadAnswer<unknown> = await operation.run(scope, request.input, {
      resolved,
      body: call.body,
    });
    judgeAfter(truth, audited.judged, answer.truthContext);
    lifetime.signal.throwIfAborted();
    if (answer.kind === 'stream') {
      const { status = 200, headers = {}, contentType } = answer;
      return {
        kind: 'stream',
        status,
        headers,
        contentType,
        identity,
        chunks: recorded(answer, lifetime, finish),
      };
    }
    const value = operation.output.parse(answer.value);
    await finish({ status: 'ok', code: null, rowCount: answer.rowCount ?? null });
    const { status = 200, headers = {} } = answer;
    return { kind: 'value', status, headers, value, replayed: false, identity };
  } catch (error) {
    const reason = lifetime.reason() ?? error;
    await finish(failure(reason)).catch((closing: unknown) =>
      parts.log.error({ err: closing }, 'audit row not closed'),
    );
    throw reason;
  }
}

/**
 * The answer's chunks; ends only after the audit row is closed, and by throwing where it cannot be. An answer that is
 * given up before its first chunk closes its row too, which a plain generator would not.
 */
function recorded(
  answer: Extract<ReadAnswer<unknown>, { kind: 'stream' }>,
  lifetime: Lifetime,
  finish: (result: AuditResult) => Promise<void>,
): AsyncIterable<Uint8Array> {
  const cancelled = () => ({
    status: 'cancelled' as const,
    code: doorErrors.cancelled.code,
    rowCount: answer.rowCount(),
  });
  async function* run(): AsyncGenerator<Uint8Array> {
    let result: AuditResult | null = null;
    try {
      for await (const chunk of answer.chunks) {
        lifetime.signal.throwIfAborted();
        yield chunk;
      }
      result = { status: 'ok', code: null, rowCount: answer.rowCount() };
    } catch (error) {
      const reason = lifetime.reason() ?? error;
      result = { ...failure(reason), rowCount: answer.rowCount() };
      throw reason;
    } finally {
      // Without a result the reader went away: the generator was returned from.
      await finish(result ?? cancelled());
    }
  }
  const chunks = run();
  let started = false;
  const iterator: AsyncIterator<Uint8Array> = {
    next() {
      started = true;
      return chunks.next();
    },
    async return() {
      if (!started) {
        started = true;
        await answer.chunks[Symbol.asyncIterator]().return?.();
        await finish(cancelled());
      }
      return chunks.return(undefined);
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

function failure(error: unknown): AuditResult {
  if (!isLakeError(error)) return { status: 'failed', code: doorErrors.internal.code, rowCount: null };
  const status = error.kind === 'cancelled' ? 'cancelled' : 'failed';
  return { status, code: error.code, rowCount: null };
}

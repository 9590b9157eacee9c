import type { Readable } from 'node:stream';
import { LakeError } from '../base/index.ts';
import { gatewayErrors } from './errors.ts';

/**
 * The bytes of a request body as they arrive, at the reader's pace. Throws `gateway.upload_stalled` when the client
 * sends nothing for `idleMs` while we wait for it, `gateway.upload_interrupted` when it leaves. The stream is left
 * open where reading stops early, so that the refusal can still be answered.
 */
export async function* arrivingBytes(source: Readable, idleMs: number): AsyncGenerator<Uint8Array> {
  const chunks = source.iterator({ destroyOnReturn: false });
  try {
    for (;;) {
      const step = await withinIdle(chunks.next(), idleMs);
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    // Lets go of the stream: while it listens, nobody else can read the rest away.
    void chunks.return?.(undefined)?.catch(() => undefined);
  }
}

/** The step, or the refusal that fits where the client stalls or leaves. */
export async function withinIdle<T>(step: Promise<T>, idleMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const stalled = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(stalledError(idleMs)), idleMs);
  });
  try {
    return await Promise.race([step, stalled]);
  } catch (error) {
    throw error instanceof LakeError ? error : interruptedError(error);
  } finally {
    clearTimeout(timer);
  }
}

/** A whole body of at most `limitBytes`; refused by its Content-Length before a byte is read, where it has one. */
export async function readWhole(
  source: Readable,
  parts: { declaredBytes: number | null; limitBytes: number; idleMs: number },
): Promise<Buffer> {
  if ((parts.declaredBytes ?? 0) > parts.limitBytes) throw tooLarge(parts.limitBytes);
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of arrivingBytes(source, parts.idleMs)) {
    sizeBytes += chunk.length;
    if (sizeBytes > parts.limitBytes) throw tooLarge(parts.limitBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, sizeBytes);
}

function tooLarge(limitBytes: number): LakeError {
  return new LakeError(gatewayErrors.body_too_large, {
    detail: `The body is larger than the ${limitBytes} bytes this address takes.`,
    data: { limit_bytes: limitBytes },
  });
}

function stalledError(idleMs: number): LakeError {
  return new LakeError(gatewayErrors.upload_stalled, {
    detail: `No byte of the body arrived for ${idleMs} ms. Nothing of it was kept.`,
  });
}

function interruptedError(cause: unknown): LakeError {
  return new LakeError(gatewayErrors.upload_interrupted, {
    detail: 'The connection ended before the whole body had arrived. Nothing of it was kept.',
    cause,
  });
}

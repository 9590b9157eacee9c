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

/**
 * A whole body of at most `limitBytes`; refused by its Content-Length before a byte is read, where it has one. Refuses a
 * client that stalls or leaves as `arrivingBytes` does, whose iterators cost more than a small body is worth.
 */
export async function readWhole(
  source: Readable,
  parts: { declaredBytes: number | null; limitBytes: number; idleMs: number },
): Promise<Buffer> {
  const { declaredBytes, limitBytes, idleMs } = parts;
  if ((declaredBytes ?? 0) > limitBytes) throw tooLarge(limitBytes);
  if (source.destroyed) throw interruptedError(source.errored);
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    const letGo = () => {
      clearTimeout(timer);
      source.off('data', take).off('end', finish).off('error', interrupted).off('close', interrupted);
    };
    const refuse = (error: LakeError) => {
      letGo();
      source.pause();
      reject(error);
    };
    const timer = setTimeout(() => refuse(stalledError(idleMs)), idleMs);
    const interrupted = (cause?: unknown) => refuse(interruptedError(cause));
    const take = (chunk: Uint8Array) => {
      sizeBytes += chunk.length;
      if (sizeBytes > limitBytes) return refuse(tooLarge(limitBytes));
      chunks.push(chunk);
      timer.refresh();
    };
    const finish = () => {
      letGo();
      resolve(Buffer.concat(chunks, sizeBytes));
    };
    source.on('data', take).on('end', finish).on('error', interrupted).on('close', interrupted);
  });
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

import { mkdir, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { LakeError } from '../base/index.ts';
import { gatewayErrors } from './errors.ts';

/** An uploaded file kept on disk until the form fields behind it have arrived. */
export interface SpooledUpload {
  readonly content: AsyncIterable<Uint8Array>;
  /** Gives the disk space back; call it when the request is over. */
  close(): Promise<void>;
}

const READ_BYTES = 262_144;

/**
 * Writes the chunks to a nameless file in `folder`: it is unlinked as soon as it is open, so that neither a crash nor a
 * client that leaves can leave it behind. Throws `gateway.spool_full` where the disk is.
 */
export async function spoolUpload(
  folder: string,
  name: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<SpooledUpload> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, name);
  const file = await open(path, 'wx+', 0o600);
  try {
    await unlink(path);
    for await (const chunk of chunks) await file.writeFile(chunk);
  } catch (error) {
    await file.close();
    throw isFull(error) ? spoolFull(error) : error;
  }
  return { content: contentOf(file), close: () => file.close() };
}

async function* contentOf(file: Awaited<ReturnType<typeof open>>): AsyncGenerator<Uint8Array> {
  for (let position = 0; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

function spoolFull(cause: unknown): LakeError {
  return new LakeError(gatewayErrors.spool_full, {
    detail: 'There is no room to keep the file until its form fields arrive. Put the fields before the file.',
    cause,
  });
}

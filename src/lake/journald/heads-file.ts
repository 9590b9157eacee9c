import { constants } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { SignedCheckpoint } from './checkpoint.ts';
import { headsLine, parseHeadsLine } from './checkpoint.ts';

/** A line of the heads file: its checkpoint, or null where it is not one. Lines count from 1. */
export interface HeadsLine {
  readonly line: number;
  readonly checkpoint: SignedCheckpoint | null;
}

/**
 * Appends checkpoints and returns once they are on the disk. What a crash left of a half-written last line is cut off
 * first; its checkpoint is in the store and is among those appended.
 */
export async function appendHeads(file: string, checkpoints: readonly SignedCheckpoint[]): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const handle = await open(file, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o600);
  try {
    const { size } = await handle.stat();
    const end = await endOfLastLine(handle, size);
    if (end < size) await handle.truncate(end);
    const text = checkpoints.map((checkpoint) => `${headsLine(checkpoint)}\n`).join('');
    try {
      // Not `write`, to which a disk that took a part of the bytes is no error.
      await handle.writeFile(text);
      await handle.sync();
    } catch (error) {
      // They are appended again: whole lines among them would then stand there twice, as in a file that was changed.
      await handle.truncate(end).catch(() => undefined);
      throw error;
    }
    if (size === 0) await syncFolder(file);
  } finally {
    await handle.close();
  }
}

/** A heads file as it was when it was opened for reading. */
export interface HeadsFile {
  readonly exists: boolean;
  /** The whole lines, in order. */
  lines(): AsyncGenerator<HeadsLine>;
  /** What stands after the last line end: empty, or the beginning of a line that a crash cut off. */
  tail(): Promise<string>;
}

/** Looks at the file's size now: what is appended later is not read. */
export async function readHeads(file: string): Promise<HeadsFile> {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return null;
  });
  if (handle === null) return { exists: false, lines: noLines, tail: async () => '' };
  const { size } = await handle.stat();
  await handle.close();
  return { exists: true, lines: () => lines(file, size), tail: () => tail(file, size) };
}

async function* noLines(): AsyncGenerator<HeadsLine> {}

async function* lines(file: string, size: number): AsyncGenerator<HeadsLine> {
  if (size === 0) return;
  const handle = await open(file, 'r');
  try {
    let line = 0;
    let rest = '';
    for await (const chunk of handle.createReadStream({
      end: size - 1,
      encoding: 'utf8',
      autoClose: false,
    })) {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      for (const text of parts) {
        line += 1;
        yield { line, checkpoint: parseHeadsLine(text) };
      }
    }
  } finally {
    await handle.close();
  }
}

async function tail(file: string, size: number): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const start = await endOfLastLine(handle, size);
    const buffer = Buffer.alloc(size - start);
    await handle.read(buffer, 0, buffer.length, start);
    return buffer.toString();
  } finally {
    await handle.close();
  }
}

async function endOfLastLine(handle: FileHandle, size: number): Promise<number> {
  const buffer = Buffer.alloc(4096);
  for (let end = size; end > 0; end -= buffer.length) {
    const start = Math.max(0, end - buffer.length);
    const { bytesRead } = await handle.read(buffer, 0, end - start, start);
    const at = buffer.subarray(0, bytesRead).lastIndexOf(0x0a);
    if (at >= 0) return start + at + 1;
  }
  return 0;
}

async function syncFolder(file: string): Promise<void> {
  const folder = await open(dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

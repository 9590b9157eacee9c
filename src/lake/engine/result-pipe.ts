import { execFile } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import { LakeError } from '../../base/index.ts';
import { engineErrors } from './errors.ts';

/**
 * The way of result bytes from an engine process to the gateway: a named pipe that the engine itself writes, so that
 * no byte passes through JavaScript on the writing side, and a full pipe holds the query back. Measured: a million
 * rows of JSON in 0.4 s, against 1.6 s for fetching the same texts through the engine's binding.
 */
export async function makeResultPipe(path: string): Promise<void> {
  try {
    await promisify(execFile)('mkfifo', ['-m', '600', path]);
  } catch (error) {
    throw new LakeError(engineErrors.unavailable, {
      detail:
        'A named pipe could not be made: the engine needs the command mkfifo and a file system that has pipes.',
      cause: error,
    });
  }
}

export interface ResultReader {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** The writer has finished: the chunks end after the bytes still in the pipe. */
  finish(): void;
  /** Gives up: a writer that is still busy gets a broken pipe, also one that opens the pipe only then. */
  abandon(error: Error | null): void;
  /** The statement has ended, however it did: nothing of it opens the pipe any more. */
  over(): void;
}

/** How often a writer that may wait for a reader is let on. */
const KNOCK_MS = 20;

/**
 * Opens the reading end before the engine opens the other one. A writing end of our own stays open until `finish`, so
 * that the pipe does not look ended before the engine began.
 */
export function openResultPipe(path: string): ResultReader {
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  let writeEnd: number | null = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  const socket = new Socket({ fd: readEnd, readable: true, writable: false });
  let isOver = false;
  let knocking: NodeJS.Timeout | undefined;
  // To open a pipe without a reader is to wait for one, past every interrupt: the process would have to be killed.
  const knock = () => {
    try {
      closeSync(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
    } catch {
      // A process that has died takes its pipe along, and nobody waits.
    }
  };
  const closeWriteEnd = () => {
    if (writeEnd !== null) closeSync(writeEnd);
    writeEnd = null;
  };
  socket.on('close', closeWriteEnd);
  // Whoever reads the chunks gets the error; without a reader there is no one to tell.
  socket.on('error', closeWriteEnd);
  return {
    chunks: socket,
    finish: closeWriteEnd,
    abandon(error) {
      closeWriteEnd();
      if (error === null) socket.destroy();
      else socket.destroy(error);
      if (!isOver) knocking ??= setInterval(knock, KNOCK_MS);
    },
    over() {
      isOver = true;
      clearInterval(knocking);
    },
  };
}

import { createReadStream, statSync } from 'node:fs';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import type { ApiClient } from './api-client.ts';
import { usageFailure } from './cli-failure.ts';
import { startProgressBar } from './progress-bar.ts';
import type { Terminal } from './terminal.ts';

/** The answer of `POST /ingest/file`. */
export interface IngestAnswer {
  readonly dataset: string;
  readonly dataset_id: string;
  readonly snapshot_id: string | null;
  readonly row_count: number;
  readonly rejected_count: number;
  readonly duplicate: boolean;
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly tags: readonly string[];
  }[];
  readonly journal_event_id: string | null;
}

export interface UploadRequest {
  readonly dataset: string;
  readonly mode?: string;
  readonly onError?: string;
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

/** Streams a file to the server with a bar; the file is never held in memory. */
export async function uploadFile(
  api: ApiClient,
  terminal: Terminal,
  file: string,
  request: UploadRequest,
): Promise<IngestAnswer> {
  const sizeBytes = sizeOf(file);
  const name = basename(file);
  const bar = startProgressBar(terminal, name, sizeBytes);
  try {
    const query = {
      dataset: request.dataset,
      mode: request.mode,
      on_error: request.onError,
      file_name: name,
    };
    const { value } = await api.json<IngestAnswer>({
      method: 'POST',
      path: '/ingest/file',
      query,
      body: counting(Readable.toWeb(createReadStream(file, { highWaterMark: 262_144 })), bar.advance),
      headers: {
        'content-type': 'application/octet-stream',
        ...(request.idempotencyKey === undefined ? {} : { 'idempotency-key': request.idempotencyKey }),
      },
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    return value;
  } finally {
    bar.stop();
  }
}

function sizeOf(file: string): number {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined || !stats.isFile())
    throw usageFailure(`There is no file ${basename(file)} to read.`);
  return stats.size;
}

function counting(
  source: ReturnType<typeof Readable.toWeb>,
  advance: (doneBytes: number) => void,
): ReadableStream<Uint8Array> {
  let doneBytes = 0;
  return (source as ReadableStream<Uint8Array>).pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        doneBytes += chunk.length;
        advance(doneBytes);
        controller.enqueue(chunk);
      },
    }),
  );
}

import { createReadStream, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { ApiClient } from './api-client.ts';
import { usageFailure } from './cli-failure.ts';
import { startProgressBar } from './progress-bar.ts';
import type { Terminal } from './terminal.ts';

/** The answer of `POST /ingest/file`. */
export interface IngestAnswer {
  readonly dataset: string;
  readonly dataset_id: string;
  readonly ingest_id: string;
  readonly snapshot_id: string | null;
  readonly row_count: number;
  readonly rejected_count: number;
  readonly duplicate: boolean;
  readonly effect: 'created' | 'appended' | 'replaced' | 'restored' | 'unchanged';
  readonly rows_before: number | null;
  readonly column_changes: readonly {
    readonly kind: 'added' | 'widened' | 'removed' | 'filled_with_null';
    readonly column: string;
    readonly from: string | null;
    readonly to: string | null;
  }[];
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
  const fileName = basename(file);
  const bar = startProgressBar(terminal, fileName, sizeBytes);
  let doneBytes = 0;
  const advance = (chunk: Uint8Array) => {
    doneBytes += chunk.length;
    bar.advance(doneBytes);
  };
  try {
    const chunks = createReadStream(file, { highWaterMark: 262_144 }) as AsyncIterable<Uint8Array>;
    return await uploadChunks(api, fileName, watched(chunks, advance), request);
  } finally {
    bar.stop();
  }
}

/** Streams chunks to the server as the content of a file of that name. */
export async function uploadChunks(
  api: ApiClient,
  fileName: string,
  chunks: AsyncIterable<Uint8Array>,
  request: UploadRequest,
): Promise<IngestAnswer> {
  const { dataset, mode, onError, idempotencyKey, signal } = request;
  const { value } = await api.json<IngestAnswer>({
    method: 'POST',
    path: '/ingest/file',
    query: { dataset, mode, on_error: onError, file_name: fileName },
    body: ReadableStream.from(chunks),
    headers: {
      'content-type': 'application/octet-stream',
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    },
    ...(signal === undefined ? {} : { signal }),
  });
  return value;
}

/** The chunks as they are, each shown to `look` when it is taken. */
export async function* watched(
  chunks: AsyncIterable<Uint8Array>,
  look: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    look(chunk);
    yield chunk;
  }
}

function sizeOf(file: string): number {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined || !stats.isFile())
    throw usageFailure(`There is no file ${basename(file)} to read.`);
  return stats.size;
}

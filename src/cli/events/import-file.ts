import { createReadStream, readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import type { ApiClient } from '../api-client.ts';
import { usageFailure } from '../cli-failure.ts';
import { startProgressBar } from '../progress-bar.ts';
import type { Terminal } from '../terminal.ts';
import { langfuseEvent, langfuseRecords, type SentEvent } from './langfuse-export.ts';

export interface ImportReport {
  readonly records: number;
  readonly accepted: number;
  readonly duplicate: number;
  /** Records that are no trace and no observation. */
  readonly skipped: number;
}

/** Events of one request; with content they stay below the server's usual limit of 4 MB. */
const BATCH = 200;
/** A JSON document is parsed as a whole; lines are not. */
const MAX_DOCUMENT_BYTES = 268_435_456;

/** Sends a Langfuse export, batch by batch; what is there already is counted as duplicate, so a broken run can go on. */
export async function importFile(
  api: ApiClient,
  terminal: Terminal,
  file: string,
  options: { readonly withContent: boolean; readonly signal: AbortSignal },
): Promise<ImportReport> {
  const bar = startProgressBar(terminal, basename(file), sizeOf(file));
  const counts = { records: 0, accepted: 0, duplicate: 0, skipped: 0 };
  let batch: SentEvent[] = [];
  const send = async () => {
    if (batch.length === 0) return;
    const { value } = await api.json<{ accepted: number; duplicate: number }>({
      method: 'POST',
      path: '/event',
      json: { events: batch },
      signal: options.signal,
    });
    counts.accepted += value.accepted;
    counts.duplicate += value.duplicate;
    batch = [];
  };
  try {
    for await (const { record, doneBytes } of recordsOf(file)) {
      counts.records += 1;
      const event = langfuseEvent(record, options.withContent);
      if (event === null) counts.skipped += 1;
      else batch.push(event);
      if (batch.length >= BATCH) await send();
      bar.advance(doneBytes);
    }
    await send();
    return counts;
  } finally {
    bar.stop();
  }
}

async function* recordsOf(file: string): AsyncGenerator<{ record: unknown; doneBytes: number }> {
  const whole = /\.json$/i.test(file) ? documentOf(file) : null;
  if (whole !== null) {
    const records = langfuseRecords(whole.document);
    for (const [index, record] of records.entries()) {
      yield { record, doneBytes: Math.round((whole.sizeBytes * (index + 1)) / records.length) };
    }
    return;
  }
  let doneBytes = 0;
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    number += 1;
    doneBytes += Buffer.byteLength(line) + 1;
    if (line.trim() === '') continue;
    for (const record of langfuseRecords(parsed(line, `line ${number}`))) yield { record, doneBytes };
  }
}

/** The document of a `.json` file; null where it is one of lines under that name. */
function documentOf(file: string): { readonly document: unknown; readonly sizeBytes: number } | null {
  const sizeBytes = sizeOf(file);
  if (sizeBytes > MAX_DOCUMENT_BYTES) {
    throw usageFailure('The file is larger than 256 MB: export it as JSON lines, which are read one by one.');
  }
  const text = readFileSync(file, 'utf8');
  try {
    return { document: JSON.parse(text), sizeBytes };
  } catch {
    return null;
  }
}

function parsed(line: string, place: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw usageFailure(
      `The file is not JSON at ${place}. What came before it is imported; mend it and try again.`,
    );
  }
}

function sizeOf(file: string): number {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isFile() === true) return found.size;
  throw usageFailure(`There is no file ${file}.`);
}

import { isUtf8 } from 'node:buffer';
import type { SystemFiles } from '../storaged/index.ts';

/** A file of the system namespaces that an ingest reads. */
export interface ReadableFile {
  readonly files: SystemFiles;
  readonly namespace: 'sources' | 'work';
  readonly name: string;
}

/** The text of a file without its byte order mark. */
export async function* readText(file: ReadableFile): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  for await (const chunk of await file.files.read(file.namespace, file.name)) {
    const hasMark = isFirst && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf;
    isFirst = false;
    yield hasMark ? chunk.subarray(3) : chunk;
  }
}

/** The first bytes of a text. */
export async function readHead(file: ReadableFile, sizeBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of readText(file)) {
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size >= sizeBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, sizeBytes);
}

export function pathOf(file: ReadableFile): string {
  return file.files.path(file.namespace, file.name);
}

/** The first line, from 1, whose bytes are not UTF-8; null where there is none. */
export async function findInvalidLine(file: ReadableFile): Promise<number | null> {
  let line = 1;
  let held: Buffer[] = [];
  const isInvalid = () => !isUtf8(held.length === 1 ? (held[0] ?? Buffer.alloc(0)) : Buffer.concat(held));
  for await (const chunk of readText(file)) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
      held.push(bytes.subarray(start, end));
      if (isInvalid()) return line;
      held = [];
      line++;
      start = end + 1;
    }
    held.push(bytes.subarray(start));
  }
  return isInvalid() ? line : null;
}

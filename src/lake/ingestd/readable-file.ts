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

import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { isLakeError, LakeError } from '../../base/index.ts';
import type { ContentWriter, SystemFiles } from '../storaged/index.ts';
import { ingestErrors } from './errors.ts';
import { type ContentKind, contentKindOf } from './file-format.ts';
import { RecordCounter } from './record-counter.ts';

/** Bytes looked at to tell what a file is. */
const HEAD_BYTES = 65_536;
/** Expansion is judged from this size on, so that small, very regular files pass. */
const EXPANSION_FROM_BYTES = 16 * 1024 * 1024;

export interface UploadLimits {
  readonly maxBytes: number;
  readonly maxExpansion: number;
}

/** An uploaded file as it came, and as it is read: decompressed and in UTF-8. */
export interface Upload {
  /** Where the received bytes are kept, in `sources`. */
  readonly sourceName: string;
  readonly sourceBytes: number;
  readonly sourceSha256: string;
  /** The file to read: the source itself, or a decoded copy in `work`. */
  readonly readable: {
    readonly namespace: 'sources' | 'work';
    readonly name: string;
    readonly sizeBytes: number;
  };
  /** SHA-256 of the decoded content: the same rows compressed otherwise are the same content. */
  readonly contentSha256: string;
  readonly kind: ContentKind;
  /** Whether all of it is UTF-8; true for what is not text. */
  readonly isUtf8: boolean;
  /** Records of delimited text, its header included; 0 for anything else. */
  readonly recordCount: number;
  readonly longestRecordBytes: number;
  /** Settles when the files are durable. They can be read before; nothing may be committed. */
  readonly durable: Promise<unknown>;
}

/**
 * Streams a request's body to disk, decompressing gzip and turning UTF-16 into UTF-8 on the way, in bounded memory.
 * Nothing is left behind when it fails. Throws `ingest.corrupt_file`, `ingest.expands_too_much`, `storage.too_large`.
 */
export async function receiveUpload(
  files: SystemFiles,
  request: {
    id: string;
    body: AsyncIterable<Uint8Array>;
    /** The SHA-256 of what the whole body brought. */
    sha256: () => Promise<string>;
    contentEncoding: string | null;
    limits: UploadLimits;
  },
): Promise<Upload> {
  const { id, limits } = request;
  const writers: ContentWriter[] = [];
  try {
    const source = await files.create('sources', id, {
      maxBytes: limits.maxBytes,
      maxBytesKey: 'ingest.max_bytes',
    });
    writers.push(source);
    const { head, rest } = await peek(saved(request.body, source));
    const received = contentKindOf(head);
    if (received.kind !== 'gzip' && received.kind !== 'utf16') {
      requireEncoding(request.contentEncoding, false);
      const text = new TextWatch(isText(received), received.kind === 'text');
      for await (const chunk of rest) text.push(chunk);
      const written = await source.seal();
      const sha256 = await request.sha256();
      return {
        sourceName: id,
        sourceBytes: written.sizeBytes,
        sourceSha256: sha256,
        readable: { namespace: 'sources', name: id, sizeBytes: written.sizeBytes },
        contentSha256: sha256,
        kind: text.kindAfter(received),
        isUtf8: text.isUtf8(),
        recordCount: text.records(),
        longestRecordBytes: text.longestBytes(),
        durable: written.durable,
      };
    }
    requireEncoding(request.contentEncoding, received.kind === 'gzip');
    const work = await files.create('work', id, {
      maxBytes: limits.maxBytes,
      maxBytesKey: 'ingest.max_bytes',
    });
    writers.push(work);
    const counter = { received: 0 };
    const unzipped = received.kind === 'gzip' ? gunzipped(counted(rest, counter), counter, limits) : rest;
    return await decode({ id, source, work, content: unzipped, sha256: request.sha256 });
  } catch (error) {
    for (const writer of writers) await writer.abandon();
    throw error;
  }
}

async function decode(parts: {
  id: string;
  source: ContentWriter;
  work: ContentWriter;
  content: AsyncIterable<Buffer>;
  sha256: () => Promise<string>;
}): Promise<Upload> {
  const { head, rest } = await peek(parts.content);
  const kind = contentKindOf(head);
  if (kind.kind === 'gzip') {
    throw new LakeError(ingestErrors.unsupported_format, { detail: 'The content is compressed twice.' });
  }
  const content = kind.kind === 'utf16' ? transcoded(rest, kind.encoding) : rest;
  const isTextual = kind.kind === 'utf16' || isText(kind);
  const text = new TextWatch(isTextual, kind.kind === 'text' || kind.kind === 'utf16');
  const hash = createHash('sha256');
  const start: Buffer[] = [];
  let startBytes = 0;
  for await (const chunk of content) {
    text.push(chunk);
    hash.update(chunk);
    if (startBytes < HEAD_BYTES) start.push(chunk);
    startBytes += chunk.length;
    await parts.work.write(chunk);
  }
  const source = await parts.source.seal();
  const work = await parts.work.seal();
  const decodedKind =
    kind.kind === 'utf16' ? contentKindOf(Buffer.concat(start).subarray(0, HEAD_BYTES)) : kind;
  return {
    sourceName: parts.id,
    sourceBytes: source.sizeBytes,
    sourceSha256: await parts.sha256(),
    readable: { namespace: 'work', name: parts.id, sizeBytes: work.sizeBytes },
    contentSha256: hash.digest('hex'),
    kind: text.kindAfter(decodedKind),
    isUtf8: text.isUtf8(),
    recordCount: text.records(),
    longestRecordBytes: text.longestBytes(),
    durable: Promise.all([source.durable, work.durable]),
  };
}

/** Watches text go by: where it stops being UTF-8, and whether a zero byte shows that it is no text at all. */
class TextWatch {
  readonly #isText: boolean;
  readonly #counter: RecordCounter | null;
  /** The last bytes of the chunk before, where they begin a character that goes on. */
  #carried: Buffer = Buffer.alloc(0);
  #isValid = true;
  #hasZero = false;

  constructor(isText: boolean, isDelimited: boolean) {
    this.#isText = isText;
    this.#counter = isDelimited ? new RecordCounter() : null;
  }

  push(chunk: Buffer): void {
    if (!this.#isText) return;
    this.#counter?.push(chunk);
    if (!this.#hasZero && chunk.includes(0)) this.#hasZero = true;
    if (!this.#isValid) return;
    const whole = this.#carried.length === 0 ? chunk : Buffer.concat([this.#carried, chunk]);
    const end = wholeCharacters(whole);
    this.#isValid = isUtf8(whole.subarray(0, end));
    this.#carried = Buffer.from(whole.subarray(end));
  }

  isUtf8(): boolean {
    return this.#isValid && this.#carried.length === 0;
  }

  records(): number {
    return this.#counter?.records() ?? 0;
  }

  longestBytes(): number {
    return this.#counter?.longestBytes() ?? 0;
  }

  kindAfter(kind: ContentKind): ContentKind {
    return this.#hasZero ? { kind: 'other', name: 'a binary file' } : kind;
  }
}

/** How many bytes end on a whole character: the last three may begin one that goes on in the next chunk. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes.length;
    if (byte >= 0xc0) {
      const width = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return width > back ? bytes.length - back : bytes.length;
    }
  }
  return bytes.length;
}

function isText(kind: ContentKind): boolean {
  return (
    kind.kind === 'text' || kind.kind === 'json_array' || kind.kind === 'json_object' || kind.kind === 'empty'
  );
}

async function* saved(body: AsyncIterable<Uint8Array>, writer: ContentWriter): AsyncGenerator<Buffer> {
  for await (const chunk of body) {
    await writer.write(chunk);
    yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
}

/** The first bytes of a stream, and the whole stream again. */
async function peek(stream: AsyncIterable<Buffer>): Promise<{ head: Buffer; rest: AsyncGenerator<Buffer> }> {
  const iterator = stream[Symbol.asyncIterator]();
  const first: Buffer[] = [];
  let size = 0;
  while (size < HEAD_BYTES) {
    const step = await iterator.next();
    if (step.done === true) break;
    first.push(step.value);
    size += step.value.length;
  }
  return { head: Buffer.concat(first).subarray(0, HEAD_BYTES), rest: whole(first, iterator) };
}

async function* whole(first: readonly Buffer[], iterator: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield* first;
  for (;;) {
    const step = await iterator.next();
    if (step.done === true) return;
    yield step.value;
  }
}

async function* counted(
  stream: AsyncIterable<Buffer>,
  counter: { received: number },
): AsyncGenerator<Buffer> {
  for await (const chunk of stream) {
    counter.received += chunk.length;
    yield chunk;
  }
}

async function* gunzipped(
  stream: AsyncIterable<Buffer>,
  counter: { received: number },
  limits: UploadLimits,
): AsyncGenerator<Buffer> {
  const source = Readable.from(stream);
  const gunzip = createGunzip({ chunkSize: HEAD_BYTES });
  source.on('error', (error) => gunzip.destroy(error));
  source.pipe(gunzip);
  let expanded = 0;
  try {
    for await (const chunk of gunzip) {
      expanded += chunk.length;
      if (expanded > EXPANSION_FROM_BYTES && expanded > counter.received * limits.maxExpansion) {
        throw new LakeError(ingestErrors.expands_too_much, {
          detail: `The content expands to more than ingest.max_expansion = ${limits.maxExpansion} times its size.`,
        });
      }
      yield chunk;
    }
  } catch (error) {
    if (isLakeError(error) || !isZlibError(error)) throw error;
    throw new LakeError(ingestErrors.corrupt_file, {
      detail: 'The gzip data is damaged or cut off; nothing was kept.',
      cause: error,
    });
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
}

async function* transcoded(
  stream: AsyncIterable<Buffer>,
  encoding: 'utf-16le' | 'utf-16be',
): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  try {
    for await (const chunk of stream) yield Buffer.from(decoder.decode(chunk, { stream: true }));
    yield Buffer.from(decoder.decode());
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new LakeError(ingestErrors.invalid_text, {
      detail: 'The file begins as UTF-16 but is not valid UTF-16 throughout.',
      cause: error,
    });
  }
}

function requireEncoding(contentEncoding: string | null, isGzip: boolean): void {
  if (contentEncoding === null || contentEncoding === 'identity') return;
  if ((contentEncoding === 'gzip' || contentEncoding === 'x-gzip') && isGzip) return;
  throw new LakeError(ingestErrors.unsupported_format, {
    detail:
      contentEncoding === 'gzip' || contentEncoding === 'x-gzip'
        ? 'Content-Encoding says gzip, but the content is not.'
        : 'Only gzip is accepted as Content-Encoding.',
  });
}

import type { Multipart, MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { isLakeError, LakeError } from '../base/index.ts';
import type { BodyDigest } from './body-digest.ts';
import { arrivingBytes, withinIdle } from './body-reader.ts';
import { gatewayErrors } from './errors.ts';
import type { InputBuilder } from './input-builder.ts';
import { type SpooledUpload, spoolUpload } from './upload-spool.ts';

/** What a form brought besides its fields, which went into the input. */
export interface FormContent {
  readonly content: AsyncIterable<Uint8Array>;
  readonly fileName: string | null;
  /** The Content-Type of the file's part. */
  readonly fileType: string | null;
  close(): Promise<void>;
}

export interface FormParts {
  readonly request: FastifyRequest;
  readonly input: InputBuilder;
  /** Members the operation cannot do without. */
  readonly required: readonly string[];
  readonly idleMs: number;
  readonly spool: { readonly folder: string; newName(): string };
  /** Of the whole form as it is sent; null where the client says none. */
  readonly digest: BodyDigest | null;
  /** Throws where the caller is no one we keep bytes for. */
  permit(): Promise<void>;
}

/** A file up to this size is read before the operation starts, so that its fields may stand behind it. */
const PEEK_BYTES = 65_536;
const LIMITS = { fieldNameSize: 100, fieldSize: 65_536, fields: 16, files: 1, parts: 17, headerPairs: 32 };
/** Memory that a form may take before its caller is asked for: its fields, and the beginning of its file. */
export const FORM_BYTES = LIMITS.fields * LIMITS.fieldSize + 2 * PEEK_BYTES;

/**
 * Reads a form up to its part `file` and hands that part's bytes on as they arrive. Fields stand before the file. They
 * may stand behind a file of up to 64 KiB, or behind any file where a required one is missing before it: the file is
 * then kept on disk until the form ends, for callers with a valid key. A field behind a file that is already being
 * worked on fails the upload as a whole. Throws `gateway.malformed_form`.
 */
export async function readForm(parts: FormParts): Promise<FormContent> {
  const limits = { ...LIMITS, fileSize: Number.MAX_SAFE_INTEGER };
  parts.digest?.watch(parts.request.raw);
  const form = formParts(parts, parts.request.parts({ limits }));
  const file = await nextFile(form, parts.input);
  if (file === null) throw malformed('The form has no part named `file`.');
  const described = {
    fileName: file.filename === '' ? null : file.filename,
    fileType: file.mimetype === '' ? null : file.mimetype,
  };
  const bytes = arrivingBytes(file.file, parts.idleMs);
  const head = await peek(bytes);
  if (head.ended) {
    await readTail(form, parts.input);
    return { content: listed(head.chunks), ...described, close: async () => {} };
  }
  const rest = chained(head.chunks, bytes);
  if (parts.required.every((name) => parts.input.has(name))) {
    return { content: followedByEnd(rest, form), ...described, close: async () => {} };
  }
  await parts.permit();
  const spooled: SpooledUpload = await spoolUpload(parts.spool.folder, parts.spool.newName(), rest);
  try {
    await readTail(form, parts.input);
  } catch (error) {
    await spooled.close();
    throw error;
  }
  return { content: spooled.content, ...described, close: spooled.close };
}

/** The parts in order, up to an end that has the digest; the form library's own refusals become ours. */
async function* formParts(
  { request, idleMs, digest }: FormParts,
  parts: AsyncIterableIterator<Multipart>,
): AsyncGenerator<Multipart> {
  for (;;) {
    let step: IteratorResult<Multipart>;
    try {
      step = await withinIdle(parts.next(), idleMs);
    } catch (error) {
      const isOurs = isLakeError(error) && error.code === gatewayErrors.upload_stalled.code;
      if (isOurs || request.raw.destroyed) throw error;
      throw malformed('The form is not well-formed, or has too many parts.');
    }
    if (step.done === true) {
      digest?.requireMatch();
      return;
    }
    yield step.value;
  }
}

/** Fields into the input, up to the next file; null at the end of the form. */
async function nextFile(form: AsyncGenerator<Multipart>, input: InputBuilder): Promise<MultipartFile | null> {
  for (;;) {
    const step = await form.next();
    if (step.done === true) return null;
    const part = step.value;
    if (part.type === 'file') {
      if (part.fieldname !== 'file') throw malformed('A file must be in the part named `file`.');
      return part;
    }
    if (part.valueTruncated || part.fieldnameTruncated) throw malformed('A form field is too long.');
    const text = typeof part.value === 'string' ? part.value : JSON.stringify(part.value);
    input.addForm(part.fieldname, text);
  }
}

async function readTail(form: AsyncGenerator<Multipart>, input: InputBuilder): Promise<void> {
  if ((await nextFile(form, input)) !== null) throw malformed('The form has more than one file.');
}

async function* followedByEnd(
  chunks: AsyncIterable<Uint8Array>,
  form: AsyncGenerator<Multipart>,
): AsyncGenerator<Uint8Array> {
  yield* chunks;
  const step = await form.next();
  if (step.done !== true) throw malformed('A form field stands behind the file. Put all fields before it.');
}

async function peek(bytes: AsyncGenerator<Uint8Array>): Promise<{ chunks: Uint8Array[]; ended: boolean }> {
  const chunks: Uint8Array[] = [];
  for (let sizeBytes = 0; sizeBytes <= PEEK_BYTES; ) {
    const step = await bytes.next();
    if (step.done === true) return { chunks, ended: true };
    chunks.push(step.value);
    sizeBytes += step.value.length;
  }
  return { chunks, ended: false };
}

async function* chained(head: Uint8Array[], rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* head.splice(0);
  yield* rest;
}

async function* listed(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

function malformed(detail: string): LakeError {
  return new LakeError(gatewayErrors.malformed_form, { detail });
}

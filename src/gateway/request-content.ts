import type { FastifyRequest } from 'fastify';
import { LakeError } from '../base/index.ts';
import type { BodyBudget } from './body-budget.ts';
import { type BodyDigest, bodyDigest } from './body-digest.ts';
import { arrivingBytes, readWhole } from './body-reader.ts';
import { gatewayErrors } from './errors.ts';
import { createInputBuilder, type InputBuilder, type RequestHead } from './input-builder.ts';
import { parseJsonBody } from './json-body.ts';
import { FORM_BYTES, type FormContent, readForm } from './multipart-form.ts';
import type { ContentPlan } from './route-plan.ts';

/** What the door is given of a request. */
export interface RequestContent {
  readonly input: Readonly<Record<string, unknown>>;
  readonly body: AsyncIterable<Uint8Array> | null;
  close(): Promise<void>;
}

export interface ContentParts {
  readonly request: FastifyRequest;
  readonly plan: ContentPlan;
  readonly jsonLimitBytes: number;
  readonly idleMs: number;
  readonly budget: BodyBudget;
  readonly spool: { readonly folder: string; newName(): string };
  /** Throws where the caller is no one we keep bytes for. */
  permit(): Promise<void>;
}

const FORM = 'multipart/form-data';
/** Member that takes the name of an uploaded file, where an operation has one and the form gave none. */
const FILE_NAME_MEMBER = 'file_name';

/** Merges the parts of a request into one input, as its route says. Nothing here knows any single operation. */
export async function readContent(parts: ContentParts): Promise<RequestContent> {
  const { request, plan } = parts;
  const input = createInputBuilder(plan, headOf(request));
  const digest = plan.route.body === 'none' ? null : bodyDigest(request.headers);
  const done = async () => {};
  switch (plan.route.body) {
    case 'none':
      if (hasBody(request)) throw unexpectedBody();
      return { input: input.input(), body: null, close: done };
    case 'json':
      input.addBody(await readJson(parts, digest));
      return { input: input.input(), body: null, close: done };
    case 'raw':
      return { input: input.input(), ...rawBody(parts, digest) };
    case 'multipart-or-raw': {
      if (mediaType(request) !== FORM) {
        return { input: input.input(), ...rawBody(parts, digest) };
      }
      const form = await readFields(parts, input, digest);
      addFileFacts(plan, input, form);
      return { input: input.input(), body: form.content, close: form.close };
    }
  }
}

/** A form up to its file. What it takes of memory till then is reserved: nobody was asked for a key yet. */
async function readFields(
  parts: ContentParts,
  input: InputBuilder,
  digest: BodyDigest | null,
): Promise<FormContent> {
  const { request, idleMs, spool, permit } = parts;
  const required = parts.plan.schema.required ?? [];
  const release = await parts.budget.reserve(
    Math.min(declaredBytes(request) ?? FORM_BYTES, FORM_BYTES),
    permit,
  );
  try {
    return await readForm({ request, input, required, idleMs, spool, permit, digest });
  } finally {
    release();
  }
}

/** The bytes as they arrive. Closing lets go of them, so that the rest of a refused upload can be read away. */
function rawBody(
  { request, idleMs }: ContentParts,
  digest: BodyDigest | null,
): Pick<RequestContent, 'body' | 'close'> {
  const arriving = arrivingBytes(request.raw, idleMs);
  const body = digest === null ? arriving : digest.checked(arriving);
  return { body, close: async () => void body.return(undefined).catch(() => undefined) };
}

/** What the form says of its file, where the operation asks for it and no field said it. */
function addFileFacts(plan: ContentPlan, input: InputBuilder, form: FormContent): void {
  const takesName = plan.members.has(FILE_NAME_MEMBER) && !input.has(FILE_NAME_MEMBER);
  if (takesName && form.fileName !== null) input.addForm(FILE_NAME_MEMBER, form.fileName);
  const typeMember = plan.headers.get('content-type');
  if (typeMember !== undefined && form.fileType !== null && !input.has(typeMember)) {
    input.addForm(typeMember, form.fileType);
  }
}

async function readJson(parts: ContentParts, digest: BodyDigest | null): Promise<Record<string, unknown>> {
  const { request } = parts;
  if (!hasBody(request)) return {};
  if (!/^application\/(?:[a-z0-9.-]+\+)?json$/.test(mediaType(request))) throw unsupportedBody();
  if (request.headers['content-encoding'] !== undefined) throw encodedBody();
  const declared = declaredBytes(request);
  const limitBytes = parts.jsonLimitBytes;
  const release = await parts.budget.reserve(Math.min(declared ?? limitBytes, limitBytes), parts.permit);
  try {
    const whole = { declaredBytes: declared, limitBytes, idleMs: parts.idleMs };
    const bytes = await readWhole(request.raw, whole);
    digest?.push(bytes);
    digest?.requireMatch();
    return parseJsonBody(bytes);
  } finally {
    release();
  }
}

function headOf(request: FastifyRequest): RequestHead {
  const url = request.raw.url ?? '/';
  const at = url.indexOf('?');
  const isForm = mediaType(request) === FORM;
  const params = request.params as Readonly<Record<string, string>>;
  return {
    params,
    query: at === -1 ? '' : url.slice(at + 1),
    header(name) {
      if (isForm && (name === 'content-type' || name === 'content-encoding')) return undefined;
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
  };
}

function declaredBytes(request: FastifyRequest): number | null {
  const length = Number(request.headers['content-length']);
  return Number.isSafeInteger(length) ? length : null;
}

function hasBody(request: FastifyRequest): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

function mediaType(request: FastifyRequest): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

function unexpectedBody(): LakeError {
  return new LakeError(gatewayErrors.unexpected_body, {
    detail: 'This address takes no body; its input stands in the path and the query.',
  });
}

function unsupportedBody(): LakeError {
  return new LakeError(gatewayErrors.unsupported_body, {
    detail: 'This address takes a JSON object: send it with Content-Type: application/json.',
  });
}

function encodedBody(): LakeError {
  return new LakeError(gatewayErrors.body_encoded, {
    detail: 'A JSON body is taken as it is: send it without Content-Encoding.',
  });
}

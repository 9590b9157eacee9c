import { type ErrorKind, isLakeError, LakeError } from '../base/index.ts';
import { gatewayErrors } from './errors.ts';

/** The one place where a kind of refusal becomes an HTTP status; a kind without a row does not compile. */
export const STATUS_OF_KIND: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  payment_required: 402,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  conflict: 409,
  precondition_failed: 412,
  too_large: 413,
  unsupported: 415,
  range_not_satisfiable: 416,
  misdirected: 421,
  unprocessable: 422,
  rate_limited: 429,
  cancelled: 499,
  internal: 500,
  unavailable: 503,
  timeout: 504,
  storage_full: 507,
};

/** An error as it goes over the wire (RFC 9457). */
export interface Problem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** The error as a refusal: anything that is not a `LakeError` becomes one that says nothing of its cause. */
export function asLakeError(error: unknown): LakeError {
  if (isLakeError(error)) return error;
  return new LakeError(gatewayErrors.internal, {
    detail: 'Something failed that should not. The log of the server names it under this request id.',
    cause: error,
  });
}

/** Members of `data` join the body, except where they would replace a standard member. */
export function toProblem(
  error: LakeError,
  requestId: string,
  { errorMember = false }: { readonly errorMember?: boolean } = {},
): Problem {
  const status = STATUS_OF_KIND[error.kind];
  const { errors, ...facts } = error.data;
  const body = {
    ...facts,
    type: `/problems/${error.code}`,
    title: error.errorCode.title,
    status,
    detail: error.detail,
    remedy: error.errorCode.remedy,
    instance: requestId,
    code: error.code,
    retryable: error.errorCode.retryable,
    errors: Array.isArray(errors) ? errors : [],
    ...(errorMember ? { error: { message: error.detail, type: error.kind, code: error.code } } : {}),
  };
  return { status, headers: problemHeaders(error, status), body };
}

function problemHeaders(error: LakeError, status: number): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': PROBLEM_MEDIA_TYPE };
  const retryAfterS = error.data.retry_after_s;
  if (typeof retryAfterS === 'number') headers['retry-after'] = String(Math.max(1, Math.ceil(retryAfterS)));
  else if (status === 503 && error.errorCode.retryable) headers['retry-after'] = '1';
  if (status === 401) headers['www-authenticate'] = 'Bearer realm="lakehouse"';
  const allow = error.data.allow;
  if (status === 405 && Array.isArray(allow)) headers.allow = allow.join(', ');
  return headers;
}

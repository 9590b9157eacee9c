import { type Clock, isJsonObject, type JsonValue } from '../../../base/index.ts';
import { objectOf, parseJson, stringOf } from '../json-reading.ts';
import { type FailureClass, ProviderFailure } from '../provider.ts';
import { retryAfterMs } from './retry-after.ts';
import type { Upstream } from './upstream.ts';

/** An error body beyond this is not read: what tells its kind stands in front. */
const MAX_ERROR_BYTES = 16_384;

const MESSAGES: Readonly<Record<FailureClass, string>> = {
  rate_limited: 'The provider takes no more requests for now.',
  server_error: 'The provider failed.',
  timeout: 'The provider ran out of time.',
  unreachable: 'The provider cannot be reached.',
  refused_key: 'The provider refuses our key, or what the key may do. Check the key in the configuration.',
  unknown_model: 'The provider does not know the model, or has nothing at the address of its base URL.',
  bad_request: 'The provider takes the request to be wrong.',
  context_too_long: 'The request does not fit the context window of the model.',
  cut_off: 'The provider’s stream ended before its end.',
  cancelled: 'The call was cancelled.',
};

/** An answer whose status is not 200 as a failure. Only where the status leaves it open what is meant is the body read. */
export async function statusFailure(
  upstream: Upstream,
  clock: Pick<Clock, 'nowMs'>,
): Promise<ProviderFailure> {
  const { status } = upstream;
  const failureClass = classOfStatus(status) ?? (await classOfRequestError(upstream));
  const waitMs = retryAfterMs((name) => upstream.header(name), clock);
  upstream.release();
  const isRedirect = status >= 300 && status < 400;
  const message = isRedirect
    ? 'The provider answers with a redirect, which is not followed. Give the final address as its base URL.'
    : MESSAGES[failureClass];
  return new ProviderFailure({ class: failureClass, status, retryAfterMs: waitMs }, message);
}

/** A body or event that came under status 200 and is an error, or no answer of the protocol. */
export function answerFailure(what: string): ProviderFailure {
  return new ProviderFailure({ class: 'server_error', status: 200 }, what);
}

/** Whether a body of status 200 is an error in the words of any protocol here. */
export function isErrorBody(body: JsonValue | undefined): boolean {
  if (!isJsonObject(body)) return false;
  return body.type === 'error' || (body.error !== undefined && body.error !== null);
}

/** Null where the request is at fault and the body says how. */
function classOfStatus(status: number): FailureClass | null {
  if (status === 429) return 'rate_limited';
  if (status === 401 || status === 402 || status === 403) return 'refused_key';
  if (status === 404) return 'unknown_model';
  if (status === 408) return 'timeout';
  return status >= 400 && status < 500 ? null : 'server_error';
}

/** What is wrong with a request is said by a code at some services and only in a sentence at others. */
async function classOfRequestError(upstream: Upstream): Promise<FailureClass> {
  const outer = objectOf(parseJson(await upstream.beginning(MAX_ERROR_BYTES)));
  const error = objectOf(outer.error);
  const code = stringOf(error.code) ?? stringOf(error.type) ?? '';
  const sentence = stringOf(error.message) ?? stringOf(outer.error) ?? stringOf(outer.message) ?? '';
  if (code === 'context_length_exceeded' || saysTooLong(sentence)) return 'context_too_long';
  if (
    code === 'model_not_found' ||
    /\bmodel\b.{0,200}\b(?:not found|does not exist|unknown)\b/i.test(sentence)
  ) {
    return 'unknown_model';
  }
  return 'bad_request';
}

function saysTooLong(sentence: string): boolean {
  return (
    /\b(?:maximum|max|exceed\w*|longer than|larger than)\b.{0,120}\bcontext\b/i.test(sentence) ||
    /\bcontext (?:length|window|size)\b.{0,120}\bexceed/i.test(sentence) ||
    /\bprompt is too long\b/i.test(sentence)
  );
}

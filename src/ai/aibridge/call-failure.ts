import { LakeError } from '../../base/index.ts';
import { modelsErrors } from './errors.ts';
import type { FailureClass, ProviderFailure } from './provider.ts';

/** One attempt that failed, as the refusal lists it. */
export interface FailedAttempt {
  readonly provider: string;
  readonly model: string;
  readonly class: FailureClass;
}

const WORDS: Readonly<Record<FailureClass, string>> = {
  rate_limited: 'is limiting our rate',
  server_error: 'failed',
  timeout: 'did not answer in time',
  unreachable: 'could not be reached',
  refused_key: 'refused our key',
  unknown_model: 'does not know the model',
  bad_request: 'refused the request',
  context_too_long: 'has too small a window for the request',
  cut_off: 'broke off its answer',
  cancelled: 'was cancelled',
};

/** The refusal where no rung answered; the last attempt decides its code, since what came before was fallen back from. */
export function callFailed(
  attempts: readonly FailedAttempt[],
  /** Of the last attempt; null where none was made. */
  last: ProviderFailure | null,
): LakeError {
  const told = attempts.map(({ provider, model, class: found }) => `${provider}/${model} ${WORDS[found]}`);
  // Of a connection that was not made, only its own words tell an administrator whether a setting stands in its way.
  const why = last?.class === 'unreachable' ? ` ${last.message}` : '';
  return new LakeError(codeOf(last?.class), {
    detail:
      told.length === 0
        ? 'Every model of the route is set aside after recent failures; try again in a moment.'
        : `No model answered: ${[...new Set(told)].join('; ')}.${why}`,
    data: { attempts, ...retryAfter(last?.class, last?.retryAfterMs ?? null) },
  });
}

/** A limit on our rate is one on the caller's: it is told how long to wait, a second where the provider did not say. */
function retryAfter(last: FailureClass | undefined, retryAfterMs: number | null) {
  if (last !== 'rate_limited' && retryAfterMs === null) return {};
  return { retry_after_s: Math.max(1, Math.ceil((retryAfterMs ?? 0) / 1_000)) };
}

function codeOf(last: FailureClass | undefined) {
  switch (last) {
    case 'rate_limited':
      return modelsErrors.rate_limited;
    case 'timeout':
      return modelsErrors.timeout;
    case 'bad_request':
      return modelsErrors.refused_by_provider;
    case 'context_too_long':
      return modelsErrors.context_too_long;
    default:
      return modelsErrors.unavailable;
  }
}

/** The refusal of an answer that broke off after part of it was sent. */
export function cutOff(cause: ProviderFailure): LakeError {
  return new LakeError(modelsErrors.cut_off, {
    detail: `The provider ${WORDS[cause.class]} after part of the answer was sent; what came is not whole.`,
    cause,
  });
}

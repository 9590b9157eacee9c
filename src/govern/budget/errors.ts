import { declareErrors } from '../../base/index.ts';

export const budgetErrors = declareErrors('budget', {
  exhausted: {
    kind: 'payment_required',
    title: 'A ceiling is reached',
    remedy:
      'Wait until the ceiling named in `ceiling` refills at `refills_at`, ask for less, or have it raised.',
  },
  busy: {
    kind: 'rate_limited',
    title: 'A ceiling is held by calls under way',
    remedy: 'Send the request again: what the calls under way do not use is given back when they end.',
    retryable: true,
  },
  request_too_large: {
    kind: 'payment_required',
    title: 'One request may not cost this much',
    remedy: 'Ask for a shorter answer (max_tokens), send less input, or name a cheaper model.',
  },
});

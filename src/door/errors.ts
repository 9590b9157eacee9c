import { declareErrors } from '../base/index.ts';

export const doorErrors = declareErrors('door', {
  unknown_operation: {
    kind: 'not_found',
    title: 'Unknown operation',
    remedy: 'See /openapi.json for the operations of this server.',
  },
  invalid_input: {
    kind: 'invalid',
    title: 'Invalid input',
    remedy: 'Correct the members named in `errors`; unknown members are refused.',
  },
  forbidden: {
    kind: 'forbidden',
    title: 'Not allowed',
    remedy: 'Ask an administrator, or the owner named in the answer, for the missing grant.',
  },
  dataset_not_found: {
    kind: 'not_found',
    title: 'Dataset not found',
    remedy: 'Check the name with GET /access/me. A dataset you have no grant for answers the same.',
  },
  model_not_found: {
    kind: 'not_found',
    title: 'Model not found',
    remedy: 'Check the name with GET /v1/models. A model you have no grant for answers the same.',
  },
  tool_not_found: {
    kind: 'not_found',
    title: 'Tool not found',
    remedy: 'Check the name with GET /tools. A tool that is not granted to your role answers the same.',
  },
  truth_blocked: {
    kind: 'unprocessable',
    title: 'Blocked by a truth rule',
    remedy: 'Correct what the named rules object to; GET /truth/rules lists them.',
  },
  review_required: {
    kind: 'unprocessable',
    title: 'Held back for review',
    remedy: 'A person has to approve this; the named rules say why.',
  },
  revoked: {
    kind: 'unauthenticated',
    title: 'Key revoked or expired',
    remedy: 'The key stopped being valid while the request ran. Use a new key.',
  },
  cancelled: {
    kind: 'cancelled',
    title: 'Request cancelled',
    remedy: 'The client went away or the server is stopping; send the request again.',
    retryable: true,
  },
  conflict: {
    kind: 'conflict',
    title: 'Changed by others at the same time',
    remedy: 'Nothing was changed. Send the request again.',
    retryable: true,
  },
  idempotency_in_flight: {
    kind: 'conflict',
    title: 'The same Idempotency-Key is being worked on',
    remedy: 'Wait for the first request to end, then send this one again to get its answer.',
    retryable: true,
  },
  idempotency_mismatch: {
    kind: 'unprocessable',
    title: 'Idempotency-Key used for another request',
    remedy: 'Use a new key for a different request.',
  },
  idempotency_key_invalid: {
    kind: 'invalid',
    title: 'Invalid Idempotency-Key',
    remedy: 'Use 1 to 128 visible ASCII characters, for example a UUID; only mutations take one.',
  },
  internal: {
    kind: 'internal',
    title: 'Internal error',
    remedy: 'A defect of lakehouse: report it with the request id.',
  },
});

import { declareErrors } from '../../base/index.ts';

export const scopeErrors = declareErrors('scope', {
  not_issued: {
    kind: 'internal',
    title: 'Scope not issued by the door',
    remedy: 'A defect of lakehouse: report it with the request id. Nothing was read or written.',
  },
  not_granted: {
    kind: 'internal',
    title: 'Access outside the request’s decision',
    remedy: 'A defect of lakehouse: report it with the request id. Nothing was read or written.',
  },
});

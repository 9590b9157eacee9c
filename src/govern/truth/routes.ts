import type { HttpRoute } from '../scope/index.ts';

export const truthRoutes: readonly HttpRoute[] = [
  { operation: 'truth.rules', method: 'GET', path: '/truth/rules', body: 'none' },
  { operation: 'truth.evaluate', method: 'POST', path: '/truth/evaluate', body: 'json' },
  {
    operation: 'truth.reviews',
    method: 'GET',
    path: '/truth/reviews',
    body: 'none',
    query: ['state', 'limit'],
  },
  { operation: 'truth.reviews.get', method: 'GET', path: '/truth/reviews/{review_id}', body: 'none' },
  {
    operation: 'truth.reviews.decide',
    method: 'POST',
    path: '/truth/reviews/{review_id}/decision',
    body: 'json',
  },
  {
    operation: 'truth.reviews.answer',
    method: 'GET',
    path: '/truth/reviews/{review_id}/answer',
    body: 'none',
    streams: ['application/json', 'text/event-stream'],
  },
  { operation: 'truth.reload', method: 'POST', path: '/truth/reload', body: 'none' },
];

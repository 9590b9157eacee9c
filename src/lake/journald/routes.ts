import type { HttpRoute } from '../../govern/scope/index.ts';

export const journalRoutes: readonly HttpRoute[] = [
  {
    operation: 'journal.events',
    method: 'GET',
    path: '/journal/events',
    body: 'none',
    query: ['action', 'subject', 'identity', 'since', 'until', 'order', 'after', 'limit'],
  },
  { operation: 'journal.stats', method: 'GET', path: '/journal/stats', body: 'none' },
  { operation: 'journal.checkpoint', method: 'GET', path: '/journal/checkpoint', body: 'none' },
  { operation: 'journal.verify', method: 'POST', path: '/journal/verify', body: 'json' },
  {
    operation: 'journal.rotate_key',
    method: 'POST',
    path: '/journal/checkpoint/rotate-key',
    body: 'json',
    successStatus: 201,
  },
];

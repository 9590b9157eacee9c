import type { HttpRoute } from '../scope/index.ts';

export const truthRoutes: readonly HttpRoute[] = [
  { operation: 'truth.rules', method: 'GET', path: '/truth/rules', body: 'none' },
  { operation: 'truth.evaluate', method: 'POST', path: '/truth/evaluate', body: 'json' },
  { operation: 'truth.reload', method: 'POST', path: '/truth/reload', body: 'none' },
];

import type { HttpRoute } from '../govern/scope/index.ts';

/** The system's own addresses. */
export const systemRoutes: readonly HttpRoute[] = [
  { operation: 'system.health', method: 'GET', path: '/health', body: 'none' },
  { operation: 'system.ready', method: 'GET', path: '/ready', body: 'none' },
  { operation: 'system.openapi', method: 'GET', path: '/openapi.json', body: 'none' },
  { operation: 'system.session', method: 'GET', path: '/session', body: 'none' },
  {
    operation: 'system.metrics',
    method: 'GET',
    path: '/metrics',
    body: 'none',
    streams: ['text/plain'],
  },
];

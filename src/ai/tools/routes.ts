import type { HttpRoute } from '../../govern/scope/index.ts';

export const toolRoutes: readonly HttpRoute[] = [
  { operation: 'tools.list', method: 'GET', path: '/tools', body: 'none' },
  { operation: 'tools.call', method: 'POST', path: '/tools/{name}/call', body: 'json' },
  { operation: 'tools.reload', method: 'POST', path: '/tools/reload', body: 'none' },
];

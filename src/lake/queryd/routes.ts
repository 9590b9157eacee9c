import type { HttpRoute } from '../../govern/scope/index.ts';

/** How queries are reached over HTTP. */
export const queryRoutes: readonly HttpRoute[] = [
  {
    operation: 'query.sql',
    method: 'POST',
    path: '/query/sql',
    body: 'json',
    headers: { accept: 'accept' },
    streams: ['application/json', 'application/x-ndjson', 'text/csv', 'application/vnd.apache.parquet'],
  },
  { operation: 'query.cancel', method: 'DELETE', path: '/query/{query_id}', body: 'none' },
];

import type { HttpRoute } from '../../govern/scope/index.ts';

/** How ingests are reached over HTTP. */
export const ingestRoutes: readonly HttpRoute[] = [
  {
    operation: 'ingest.file',
    method: 'POST',
    path: '/ingest/file',
    body: 'multipart-or-raw',
    query: ['dataset', 'mode', 'on_error', 'format', 'delimiter', 'header', 'description', 'file_name'],
    headers: { 'content-type': 'content_type', 'content-encoding': 'content_encoding' },
    successStatus: 201,
  },
  {
    operation: 'ingest.list',
    method: 'GET',
    path: '/ingest',
    body: 'none',
    query: ['dataset', 'limit', 'before'],
  },
  {
    operation: 'ingest.rejected',
    method: 'GET',
    path: '/ingest/{ingest_id}/rejected',
    body: 'none',
    streams: ['application/x-ndjson'],
  },
  {
    operation: 'ingest.source',
    method: 'GET',
    path: '/ingest/{ingest_id}/source',
    body: 'none',
    streams: ['application/octet-stream'],
  },
];

import type { HttpRoute } from '../../govern/scope/index.ts';

const OBJECT = '/buckets/{bucket}/objects/{*key}';
const CONDITIONS = { 'if-match': 'if_match', 'if-none-match': 'if_none_match' };

/** How buckets and objects are reached over HTTP. */
export const storageRoutes: readonly HttpRoute[] = [
  { operation: 'buckets.list', method: 'GET', path: '/buckets', body: 'none' },
  {
    operation: 'objects.list',
    method: 'GET',
    path: '/buckets/{bucket}/objects',
    body: 'none',
    query: ['prefix', 'delimiter', 'limit', 'page_token'],
  },
  {
    operation: 'objects.put',
    method: 'PUT',
    path: OBJECT,
    body: 'raw',
    headers: {
      ...CONDITIONS,
      'content-type': 'content_type',
      'content-length': 'content_length',
      'content-md5': 'content_md5',
      'x-checksum-sha256': 'checksum_sha256',
    },
    successStatus: 201,
  },
  {
    operation: 'objects.get',
    method: 'GET',
    path: OBJECT,
    body: 'none',
    headers: { ...CONDITIONS, range: 'range', 'if-range': 'if_range' },
    streams: ['application/octet-stream'],
  },
  { operation: 'objects.head', method: 'HEAD', path: OBJECT, body: 'none', headers: CONDITIONS },
  {
    operation: 'objects.delete',
    method: 'DELETE',
    path: OBJECT,
    body: 'none',
    headers: { 'if-match': 'if_match' },
  },
];

import type { HttpRoute } from '../../govern/scope/index.ts';

const BY_NAME = '/catalog/datasets/by-name/{name}';

/** How datasets are reached over HTTP. */
export const catalogRoutes: readonly HttpRoute[] = [
  {
    operation: 'catalog.datasets.list',
    method: 'GET',
    path: '/catalog/datasets',
    body: 'none',
    query: ['prefix', 'limit', 'page_token'],
  },
  {
    operation: 'catalog.datasets.register',
    method: 'POST',
    path: '/catalog/datasets',
    body: 'json',
    successStatus: 201,
  },
  { operation: 'catalog.datasets.describe', method: 'GET', path: BY_NAME, body: 'none' },
  { operation: 'catalog.datasets.update', method: 'PATCH', path: BY_NAME, body: 'json' },
  { operation: 'catalog.datasets.delete', method: 'DELETE', path: BY_NAME, body: 'none' },
  {
    operation: 'catalog.datasets.schema-diff',
    method: 'POST',
    path: `${BY_NAME}/schema-diff`,
    body: 'json',
  },
  {
    operation: 'catalog.datasets.snapshots',
    method: 'GET',
    path: `${BY_NAME}/snapshots`,
    body: 'none',
    query: ['limit', 'page_token'],
  },
  {
    operation: 'catalog.datasets.describe-by-id',
    method: 'GET',
    path: '/catalog/datasets/{dataset_id}',
    body: 'none',
  },
  { operation: 'catalog.resync-missing', method: 'POST', path: '/catalog/resync-missing', body: 'json' },
  { operation: 'catalog.resync-metadata', method: 'POST', path: '/catalog/resync-metadata', body: 'json' },
];

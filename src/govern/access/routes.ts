import type { HttpRoute } from '../scope/index.ts';

/** How the operations of this room are reached over HTTP. */
export const accessRoutes: readonly HttpRoute[] = [
  { operation: 'access.keys.create', method: 'POST', path: '/access/keys', body: 'json', successStatus: 201 },
  { operation: 'access.keys.list', method: 'GET', path: '/access/keys', body: 'none' },
  { operation: 'access.keys.revoke', method: 'DELETE', path: '/access/keys/{key_id}', body: 'none' },
  { operation: 'access.keys.rotate', method: 'POST', path: '/access/keys/{key_id}/rotate', body: 'none' },
  {
    operation: 'access.secrets.rotate',
    method: 'POST',
    path: '/access/secrets/{name}/rotate',
    body: 'none',
  },
  { operation: 'access.policies.get', method: 'GET', path: '/access/policies', body: 'none' },
  {
    operation: 'access.policies.put',
    method: 'PUT',
    path: '/access/policies',
    body: 'json',
    query: ['dry_run', 'if_version', 'rebind'],
  },
  { operation: 'access.roles.list', method: 'GET', path: '/access/roles', body: 'none' },
  { operation: 'access.explain', method: 'POST', path: '/access/explain', body: 'json' },
  {
    operation: 'access.explain',
    method: 'GET',
    path: '/access/explain',
    body: 'none',
    query: ['role', 'identity', 'dataset', 'column', 'action'],
  },
  {
    operation: 'access.audit',
    method: 'GET',
    path: '/access/audit',
    body: 'none',
    query: [
      'identity',
      'operation',
      'dataset',
      'decision',
      'request_id',
      'since',
      'until',
      'before',
      'limit',
    ],
  },
  { operation: 'access.me', method: 'GET', path: '/access/me', body: 'none' },
  {
    operation: 'access.delegations.create',
    method: 'POST',
    path: '/access/delegations',
    body: 'json',
    successStatus: 201,
  },
  { operation: 'access.delegations.list', method: 'GET', path: '/access/delegations', body: 'none' },
  {
    operation: 'access.delegations.revoke',
    method: 'DELETE',
    path: '/access/delegations/{delegation_id}',
    body: 'none',
  },
];

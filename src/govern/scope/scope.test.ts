import { expect, test } from 'vitest';
import { NO_MODELS } from '../../../test/support/bare-scope.ts';
import { createLogger, LakeError } from '../../base/index.ts';
import { ReadScope, requireOpenScope, scopeIssuer } from './index.ts';

const identity = { name: 'a', role: 'r', attributes: new Map(), keyId: null, onBehalfOf: null };
const parts = {
  requestId: 'x',
  identity,
  signal: new AbortController().signal,
  log: createLogger({ level: 'silent' }),
  decisions: new Map(),
  buckets: [{ bucket: 'b', key: 'k', action: 'read' as const }],
  permissions: new Set<never>(),
  ...NO_MODELS,
  authorise: () => ({ allowed: false, reason: 'no' }) as const,
};

function codeOf(run: () => unknown): string | null {
  try {
    run();
    return null;
  } catch (error) {
    return error instanceof LakeError ? error.code : 'other';
  }
}

test('an issued scope works until it is closed', () => {
  const scope = scopeIssuer.read(parts);
  expect(codeOf(() => requireOpenScope(scope))).toBe(null);
  expect(codeOf(() => scope.requireObject('b', 'k', 'read'))).toBe(null);
  scopeIssuer.close(scope);
  expect(codeOf(() => requireOpenScope(scope))).toBe('scope.not_issued');
  expect(codeOf(() => scope.requireObject('b', 'k', 'read'))).toBe('scope.not_issued');
});

test('what was not authorised is refused, verb by verb and object by object', () => {
  const scope = scopeIssuer.read(parts);
  expect(codeOf(() => scope.requireObject('b', 'k', 'write'))).toBe('scope.not_granted');
  expect(codeOf(() => scope.requireObject('b', 'kk', 'read'))).toBe('scope.not_granted');
  expect(codeOf(() => scope.requirePermission('access.admin'))).toBe('scope.not_granted');
  expect(codeOf(() => scope.decision('d', 'read'))).toBe('scope.not_granted');
});

test('an object that only looks like a scope is refused', () => {
  const forged = { access: 'read', requestId: 'x', identity };
  expect(codeOf(() => requireOpenScope(forged as never))).toBe('scope.not_issued');
  expect(codeOf(() => requireOpenScope(Object.create(ReadScope.prototype) as never))).toBe(
    'scope.not_issued',
  );
  expect(codeOf(() => new ReadScope(Symbol('issue'), parts))).toBe('scope.not_issued');
});

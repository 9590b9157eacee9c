import { expect, test } from 'vitest';
import { NO_MODELS } from '../../../test/support/bare-scope.ts';
import { createLogger, LakeError } from '../../base/index.ts';
import {
  type DatasetDecision,
  ReadScope,
  requireOpenScope,
  Spending,
  type SpendPlan,
  scopeIssuer,
  spendingIssuer,
  type WriteScope,
} from './index.ts';

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

const facts = {
  ...{ datasetId: 'd', name: 'd', owner: 'ada', discoverable: true, tags: [], snapshotId: null },
  ...{ columns: [], history: [] },
};
const decision: DatasetDecision = {
  ...{ datasetId: 'd', name: 'd', policyVersion: 1, masks: new Map(), rowFilters: [] },
  action: 'read',
};
const granted = {
  ...parts,
  decisions: new Map([['d:read', decision]]),
  permissions: new Set(['audit.read' as const]),
  models: new Set(['p/m']),
  tools: new Set(['find']),
};

/** Every question a granted scope answers. */
const questions: readonly [string, (scope: ReadScope | WriteScope) => unknown][] = [
  ['decision', (scope) => scope.decision('d', 'read')],
  ['requireObject', (scope) => scope.requireObject('b', 'k', 'read')],
  ['requirePermission', (scope) => scope.requirePermission('audit.read')],
  ['requireModel', (scope) => scope.requireModel('p/m')],
  ['requireTool', (scope) => scope.requireTool('find')],
  ['mayUseModel', (scope) => scope.mayUseModel('p/m')],
  ['mayUseTool', (scope) => scope.mayUseTool(['r'])],
  ['maskedTags', (scope) => scope.maskedTags()],
  ['authorise', (scope) => scope.authorise(facts, 'read')],
];

test.each(questions)('a closed scope no longer answers %s', (_name, ask) => {
  for (const scope of [scopeIssuer.read(granted), scopeIssuer.write(granted)]) {
    expect(codeOf(() => ask(scope))).toBe(null);
    scopeIssuer.close(scope);
    expect(codeOf(() => ask(scope))).toBe('scope.not_issued');
  }
});

const plan: SpendPlan = {
  ...{ provider: 'p', model: 'p/m', task: 'chat', rule: null },
  ...{ costNanoUsd: 1, tokens: 1 },
};

test('a call of a model is held for a model the request was authorised for, and by an operation that spends', () => {
  const asked: SpendPlan[] = [];
  const spend = async (wanted: SpendPlan) => {
    asked.push(wanted);
    return spendingIssuer.issue('s', wanted, () => {});
  };
  const scope = scopeIssuer.read({ ...granted, spend });
  expect(codeOf(() => void scope.spend(plan))).toBe(null);
  expect(codeOf(() => void scope.spend({ ...plan, model: 'p/other' }))).toBe('scope.not_granted');
  expect(codeOf(() => void scopeIssuer.read(granted).spend(plan))).toBe('scope.not_granted');
  scopeIssuer.close(scope);
  expect(codeOf(() => void scope.spend(plan))).toBe('scope.not_issued');
  expect(asked).toEqual([plan]);
});

test('a spending is good for one call and is settled once', () => {
  const settled: number[] = [];
  const spending = spendingIssuer.issue('s', plan, ({ costNanoUsd }) => settled.push(costNanoUsd));
  const outcome = (costNanoUsd: number) => ({
    ...({
      status: 'ok',
      errorClass: null,
      finish: null,
      costNanoUsd,
      latencyMs: 1,
      firstTokenMs: null,
    } as const),
    ...{ inputTokens: 0, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 },
  });
  expect(codeOf(() => Spending.use(spending))).toBe(null);
  expect(codeOf(() => Spending.use(spending))).toBe('scope.not_issued');
  expect(codeOf(() => spending.settle(outcome(5)))).toBe(null);
  expect(codeOf(() => spending.settle(outcome(0)))).toBe('scope.not_issued');
  expect(codeOf(() => Spending.use(spending))).toBe('scope.not_issued');
  expect(settled).toEqual([5]);
  const unused = spendingIssuer.issue('s', plan, () => {});
  unused.settle(outcome(0));
  expect(codeOf(() => Spending.use(unused))).toBe('scope.not_issued');
  expect(codeOf(() => Spending.use({ id: 's', plan } as never))).toBe('scope.not_issued');
  expect(codeOf(() => Spending.use(Object.create(Spending.prototype)))).toBe('scope.not_issued');
  expect(codeOf(() => new Spending(Symbol('issue'), 's', plan, () => {}))).toBe('scope.not_issued');
});

test('what was not authorised is refused, verb by verb and object by object', () => {
  const scope = scopeIssuer.read(parts);
  expect(codeOf(() => scope.requireObject('b', 'k', 'write'))).toBe('scope.not_granted');
  expect(codeOf(() => scope.requireObject('b', 'kk', 'read'))).toBe('scope.not_granted');
  expect(codeOf(() => scope.requirePermission('access.admin'))).toBe('scope.not_granted');
  expect(codeOf(() => scope.decision('d', 'read'))).toBe('scope.not_granted');
  expect(codeOf(() => scopeIssuer.read(granted).decision('d', 'write'))).toBe('scope.not_granted');
  expect(codeOf(() => scope.requireModel('p/m'))).toBe('scope.not_granted');
  expect(codeOf(() => scope.requireTool('find'))).toBe('scope.not_granted');
});

test('an object that only looks like a scope is refused', () => {
  const forged = { access: 'read', requestId: 'x', identity };
  expect(codeOf(() => requireOpenScope(forged as never))).toBe('scope.not_issued');
  expect(codeOf(() => requireOpenScope(Object.create(ReadScope.prototype) as never))).toBe(
    'scope.not_issued',
  );
  expect(codeOf(() => new ReadScope(Symbol('issue'), parts))).toBe('scope.not_issued');
  const scope = scopeIssuer.read(parts);
  const { close } = Object.getPrototypeOf(Object.getPrototypeOf(ReadScope));
  expect(codeOf(() => close(Symbol('issue'), scope))).toBe('scope.not_issued');
  expect(codeOf(() => requireOpenScope(scope))).toBe(null);
});

import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { BARE_INVOCATION, NO_MODELS } from '../../../test/support/bare-scope.ts';
import { createIdGenerator, createLogger, isLakeError, systemClock } from '../../base/index.ts';
import { configSchema } from '../../config/index.ts';
import { openMetastore } from '../../metastore/index.ts';
import { type AnyOperation, type Permission, scopeIssuer } from '../scope/index.ts';
import { createTruth } from './index.ts';
import { severestAction, TRUTH_ACTIONS } from './truth.ts';

const folder = mkdtempSync(join(tmpdir(), 'lakehouse-truth-'));
const rulesFile = join(folder, 'truth.toml');
const shipped = fileURLToPath(new URL('../../../config/truth.toml', import.meta.url));
const log = createLogger({ level: 'silent' });
const clock = systemClock;
const ids = createIdGenerator({ clock, random: randomBytes });
const { metastore } = configSchema.parse({});
const reader = await openMetastore({ file: join(folder, 'store.db'), config: metastore, clock, log });
const parts = { log, reader, clock, ids };
afterAll(async () => {
  await reader.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => copyFileSync(shipped, rulesFile));

function rule(lines: string) {
  return `[[rules]]\nname = "r"\ntask_class = "ingest"\nphase = "before"\naction = "block"\nmessage = "m"\n${lines}\n`;
}

async function refusal(work: () => Promise<unknown>) {
  try {
    await work();
  } catch (error) {
    if (isLakeError(error)) return { code: error.code, detail: error.detail, ...error.data };
    throw error;
  }
  throw new Error('nothing was refused');
}

function scopeParts(...permissions: Permission[]) {
  return {
    requestId: 'request-1',
    identity: { name: 'ann', role: 'admin', attributes: new Map(), keyId: null, onBehalfOf: null },
    signal: new AbortController().signal,
    log,
    decisions: new Map(),
    buckets: [],
    permissions: new Set(permissions),
    ...NO_MODELS,
    authorise: () => ({ allowed: false, reason: 'no dataset here' }) as const,
  };
}

function operation(operations: readonly AnyOperation[], name: string) {
  const found = operations.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no operation ${name}`);
  return found;
}

async function read(operations: readonly AnyOperation[], name: string, input: object = {}) {
  const found = operation(operations, name);
  if (found.kind !== 'read') throw new Error('not a read');
  const scope = scopeIssuer.read(scopeParts('truth.read'));
  const answer = await found.run(scope, found.input.parse(input), { resolved: null, ...BARE_INVOCATION });
  if (answer.kind !== 'value') throw new Error('not a value');
  return found.output.parse(answer.value) as Record<string, unknown>;
}

async function reload(operations: readonly AnyOperation[]) {
  const found = operation(operations, 'truth.reload');
  if (found.kind !== 'mutation') throw new Error('not a mutation');
  const prepared = await found.prepare(
    scopeIssuer.write(scopeParts('system.admin')),
    {},
    { resolved: null, ...BARE_INVOCATION },
  );
  return prepared.attempt(0);
}

test.each([
  [{ row_count: 0, rejected_ratio: 0, suspected_columns: [] }, 'block'],
  [{ row_count: 10, rejected_ratio: 0.51, suspected_columns: [] }, 'block'],
  [{ row_count: 10, rejected_ratio: 0.5, suspected_columns: ['contact'] }, 'flag'],
  [{ row_count: 10, rejected_ratio: 0, suspected_columns: [] }, 'allow'],
])('the shipped rules answer an ingest of %j with %s', async (context, action) => {
  const { truth } = await createTruth({ rulesFile, ...parts });
  expect(severestAction(truth.evaluate('ingest', 'after', context))).toBe(action);
  expect(truth.evaluate('ingest', 'before', context)).toEqual([]);
  expect(truth.evaluate('other', 'after', context)).toEqual([]);
});

test('lists every rule with its condition and counts real matches, not dry runs', async () => {
  const { truth, operations } = await createTruth({ rulesFile, ...parts });
  truth.evaluate('ingest', 'after', { row_count: 0 });
  const context = { row_count: 0, rejected_ratio: 0.9 };
  const dryRun = await read(operations, 'truth.evaluate', { task_class: 'ingest', phase: 'after', context });
  expect(dryRun).toMatchObject({ action: 'block' });
  const { rules } = await read(operations, 'truth.rules');
  expect(rules).toContainEqual({
    name: 'ingest-empty-file',
    task_class: 'ingest',
    phase: 'after',
    action: 'block',
    extent: 'whole',
    message: expect.any(String),
    when: { type: 'FieldEquals', field: 'row_count', value: 0 },
    hits: 1,
  });
  expect(rules).toContainEqual(expect.objectContaining({ name: 'ingest-mostly-rejected', hits: 0 }));
});

test('a dry run without a phase tries the rules of both', async () => {
  const { operations } = await createTruth({ rulesFile, ...parts });
  const evaluate = async (input: object) => {
    const verdict = await read(operations, 'truth.evaluate', { task_class: 'query.sql', ...input });
    const outcomes = verdict.outcomes as { rule: string; phase: string }[];
    return [verdict.action, ...outcomes.map(({ rule: name, phase }) => `${name} ${phase}`)];
  };
  const context = { format: 'csv', tags: ['pii.email'] };
  expect(await evaluate({ context })).toEqual(['flag', 'query-personal-data-as-file before']);
  expect(await evaluate({ context, phase: 'after' })).toEqual(['allow']);
  const ingest = await read(operations, 'truth.evaluate', {
    task_class: 'ingest',
    context: { row_count: 0 },
  });
  expect(ingest.action).toBe('block');
});

test('a reload puts new rules in force after the commit alone, and keeps counts by name', async () => {
  const { truth, operations } = await createTruth({ rulesFile, ...parts });
  truth.evaluate('ingest', 'after', { row_count: 0 });
  writeFileSync(rulesFile, rule('when = { type = "Always" }').replace('"r"', '"ingest-empty-file"'));
  const attempt = await reload(operations);
  expect(attempt.event).toMatchObject({
    action: 'truth.reloaded',
    data: { rules: ['ingest-empty-file'], added: [] },
  });
  expect(truth.evaluate('ingest', 'before', {})).toEqual([]);
  await attempt.afterCommit?.();
  expect(severestAction(truth.evaluate('ingest', 'before', {}))).toBe('block');
  expect((await read(operations, 'truth.rules')).rules).toMatchObject([{ hits: 2 }]);
});

test('a reload of the same file changes nothing and journals nothing', async () => {
  const { operations } = await createTruth({ rulesFile, ...parts });
  const attempt = await reload(operations);
  expect(attempt.event).toBeNull();
  expect(attempt.output(null)).toMatchObject({ changed: false, journal_event_id: null });
});

test('of two reloads the later reading stays in force, whichever commits last', async () => {
  const { truth, operations } = await createTruth({ rulesFile, ...parts });
  writeFileSync(rulesFile, rule('when = { type = "Always" }'));
  const earlier = await reload(operations);
  writeFileSync(rulesFile, '# no rules\n');
  const later = await reload(operations);
  await later.afterCommit?.();
  await earlier.afterCommit?.();
  expect(truth.evaluate('ingest', 'before', {})).toEqual([]);
});

test('a reload of a file with a mistake is refused and the rules in force stay', async () => {
  const { truth, operations } = await createTruth({ rulesFile, ...parts });
  writeFileSync(rulesFile, rule('when = { type = "Allways" }'));
  expect(await refusal(() => reload(operations))).toMatchObject({ code: 'truth.rules_invalid' });
  rmSync(rulesFile);
  expect(await refusal(() => reload(operations))).toMatchObject({ code: 'truth.rules_unreadable' });
  expect(severestAction(truth.evaluate('ingest', 'after', { row_count: 0 }))).toBe('block');
});

test.each([
  ['when = { type = "Allways" }', 7, 'rules[0].when.type', 'Always'],
  ['when = { type = "FieldEquals", feild = "a", field = "a", value = 1 }', 7, 'rules[0].when.feild', 'field'],
  [
    '[rules.when]\ntype = "All"\n[[rules.when.of]]\ntype = "FieldMatches"\nfield = "a"\npattern = "("',
    12,
    'rules[0].when.of[0].pattern',
    null,
  ],
  ['when = { type = "Always" }\nphsae = "after"', 8, 'rules[0].phsae', 'phase'],
  [`when = { type = "Always" }\n${rule('when = { type = "Always" }')}`, 9, 'rules[1].name', null],
  ['', 1, 'rules[0].when', null],
])('does not start with %j', async (lines, line, key, suggestion) => {
  writeFileSync(rulesFile, rule(lines));
  const refused = await refusal(() => createTruth({ rulesFile, ...parts }));
  expect(refused).toMatchObject({ code: 'truth.rules_invalid', problems: [{ line, key, suggestion }] });
  expect(refused.detail).not.toContain(folder);
});

test('does not start without its rules', async () => {
  const missing = { rulesFile: join(folder, 'none.toml'), ...parts };
  expect(await refusal(() => createTruth(missing))).toMatchObject({ code: 'truth.rules_unreadable' });
});

test('refuses, and does not pass, a text that a pattern cannot judge', async () => {
  writeFileSync(rulesFile, rule('when = { type = "FieldMatches", field = "text", pattern = "secret" }'));
  const { truth } = await createTruth({ rulesFile, ...parts });
  const context = { text: 'x'.repeat(20_000_001) };
  expect(await refusal(async () => truth.evaluate('ingest', 'before', context))).toMatchObject({
    code: 'truth.context_too_large',
    rule: 'r',
    field: 'text',
  });
});

test('the most severe action wins, and a rule whose condition is false never acts', async () => {
  const actions = fc.array(
    fc.record({ action: fc.constantFrom(...TRUTH_ACTIONS), at: fc.integer({ min: 0, max: 3 }) }),
    {
      minLength: 1,
      maxLength: 8,
    },
  );
  await fc.assert(
    fc.asyncProperty(actions, fc.integer({ min: 0, max: 3 }), async (wanted, at) => {
      const text = wanted.map(({ action, at: value }, index) =>
        rule(`when = { type = "FieldEquals", field = "at", value = ${value} }`)
          .replace('"r"', `"r-${index}"`)
          .replace('"block"', `"${action}"`),
      );
      writeFileSync(rulesFile, text.join('\n'));
      const { truth } = await createTruth({ rulesFile, ...parts });
      const outcomes = truth.evaluate('ingest', 'before', { at });
      expect(outcomes.map(({ matched }) => matched)).toEqual(wanted.map((one) => one.at === at));
      for (const outcome of outcomes) if (!outcome.matched) expect(outcome.action).toBe('allow');
      const acting = wanted.filter((one) => one.at === at).map((one) => TRUTH_ACTIONS.indexOf(one.action));
      expect(TRUTH_ACTIONS.indexOf(severestAction(outcomes))).toBe(Math.max(0, ...acting));
    }),
    { numRuns: 60 },
  );
});

test('no operation works under a scope without its permission', async () => {
  const { operations } = await createTruth({ rulesFile, ...parts });
  const inputs: Record<string, object> = {
    'truth.evaluate': { task_class: 'ingest', phase: 'after', context: {} },
    'truth.reviews': { state: 'pending', limit: 1 },
    'truth.reviews.get': { review_id: 'x' },
    'truth.reviews.decide': { review_id: 'x', decision: 'approve', reason: 'y' },
  };
  for (const one of operations) {
    // Anyone may ask for an answer of their own.
    if (one.access.kind === 'authenticated') continue;
    const call = { resolved: null, ...BARE_INVOCATION };
    const input = inputs[one.name] ?? {};
    const work = async () =>
      one.kind === 'read'
        ? one.run(scopeIssuer.read(scopeParts()), input, call)
        : one.prepare(scopeIssuer.write(scopeParts()), input, call);
    expect(await refusal(work)).toMatchObject({ code: 'scope.not_granted' });
  }
});

test('a rule that nothing is ever judged by is refused, at the start, at a reload and in a dry run', async () => {
  const { operations, requireJudged } = await createTruth({ rulesFile, ...parts });
  const [listing] = operations;
  if (listing === undefined) throw new Error('no operation');
  const judged = (taskClass: string) => ({
    ...listing,
    truth: { before: { taskClass, context: () => ({}) }, after: { taskClass } },
  });
  expect(await refusal(async () => requireJudged(operations))).toMatchObject({ code: 'truth.rules_invalid' });
  const misspelt = await refusal(async () => requireJudged([judged('ingests'), judged('query.sql')]));
  expect(misspelt.detail).toContain(
    'rule ingest-empty-file: Unknown task class; there are ingests, query.sql.',
  );
  expect(misspelt.detail).toContain('Did you mean "ingests"?');
  const chat = judged('chat');
  // `chat.match` is a task of `chat` only where its inputs name tasks.
  const untold = await refusal(async () => requireJudged([judged('ingest'), judged('query.sql'), chat]));
  expect(untold.detail).toContain('rule match-has-its-fields: Unknown task class');
  const told = { ...chat, truth: { ...chat.truth, task: () => null } };
  requireJudged([judged('ingest'), judged('query.sql'), told]);
  const evaluate = (task_class: string) => read(operations, 'truth.evaluate', { task_class, context: {} });
  expect(await refusal(() => evaluate('ingset'))).toMatchObject({
    code: 'truth.task_class_unknown',
    detail:
      'Nothing is judged under this task class; there are chat, ingest, query.sql. Did you mean "ingest"?',
  });
  for (const known of ['ingest', 'query.sql', 'chat', 'chat.anything']) await evaluate(known);
  const tried = async (task_class: string) =>
    ((await evaluate(task_class)).outcomes as { rule: string }[]).map((outcome) => outcome.rule);
  // A request of `chat.match` is judged under `chat`, too.
  const [ofChat, ofMatch] = [await tried('chat'), await tried('chat.match')];
  expect(ofChat.length).toBeGreaterThan(0);
  expect(ofMatch).toEqual(expect.arrayContaining([...ofChat, 'match-has-its-fields']));
  writeFileSync(rulesFile, rule('when = { type = "Always" }').replace('"ingest"', '"ingset"'));
  expect(await refusal(() => reload(operations))).toMatchObject({
    code: 'truth.rules_invalid',
    problems: [{ line: 3, key: 'rule r', suggestion: 'ingest' }],
  });
});

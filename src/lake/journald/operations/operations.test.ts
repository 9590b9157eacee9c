import { createPublicKey, verify } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BARE_INVOCATION, NO_MODELS } from '../../../../test/support/bare-scope.ts';
import { createLogger } from '../../../base/index.ts';
import { type AnyOperation, type Permission, scopeIssuer } from '../../../govern/scope/index.ts';
import { checkpointKeyFiles } from '../checkpoint-key.ts';
import { ADA, eventContext, type JournalHome, journalHome, type OpenJournal } from '../journald.fixture.ts';

let home: JournalHome;
let open: OpenJournal;

beforeEach(async () => {
  home = await journalHome({ checkpoint_every_events: 1_000 });
  open = await home.open();
});

afterEach(async () => {
  await open.close();
  await home.dispose();
});

const grant = (permissions: readonly Permission[]) => ({
  requestId: 'request-1',
  identity: ADA,
  signal: new AbortController().signal,
  log: createLogger({ level: 'silent' }),
  decisions: new Map(),
  buckets: [],
  permissions: new Set(permissions),
  ...NO_MODELS,
  authorise: () => ({ allowed: false as const, reason: '' }),
});

function operation(name: string): AnyOperation {
  const found = open.journald.operations.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no operation ${name}`);
  return found;
}

/** Runs a read as the door would, and holds its answer to its schema. */
async function read(name: string, input: object = {}, permissions: readonly Permission[] = ['journal.read']) {
  const read = operation(name);
  if (read.kind !== 'read') throw new Error(`${name} is no read`);
  const scope = scopeIssuer.read(grant(permissions));
  const answer = await read.run(scope, read.input.parse(input), { resolved: null, ...BARE_INVOCATION });
  scopeIssuer.close(scope);
  if (answer.kind !== 'value') throw new Error('a stream');
  expect(read.output.parse(answer.value)).toEqual(answer.value);
  return answer.value;
}

/** Runs the rotation up to its commit, as the door would. */
async function rotate(afterCommit = true) {
  const rotation = operation('journal.rotate_key');
  if (rotation.kind !== 'mutation') throw new Error('no mutation');
  const scope = scopeIssuer.write(grant(['system.admin']));
  const prepared = await rotation.prepare(scope, {}, { resolved: null, ...BARE_INVOCATION });
  const attempt = await prepared.attempt(0);
  if (attempt.event === null) throw new Error('no event');
  const { eventId, statements } = open.journald.journal.append(attempt.event, eventContext());
  const outcome = await open.store.commit([...attempt.statements, ...statements]);
  if (!outcome.committed) await prepared.discard?.();
  else if (afterCommit) await attempt.afterCommit?.();
  return { outcome, output: rotation.output.parse(attempt.output(eventId)) as { key_id: string } };
}

const keyFiles = () => readdirSync(join(home.home, 'keys')).sort();

describe('journal.events', () => {
  beforeEach(async () => {
    const agent = { ...ADA, name: 'agent', role: 'agent', onBehalfOf: { ...ADA, name: 'grace' } };
    await open.add({ action: 'dataset.ingested', subject: 'dataset:1', data: { rows: 3 } });
    await open.add({ action: 'dataset.ingested', subject: 'dataset:2' }, { identity: agent });
    await open.add({ action: 'key.revoked', subject: 'key:9' }, { identity: { ...ADA, name: 'grace' } });
    await open.add({ action: 'object.put', subject: 'object:default/a' });
  });

  const subjects = async (input: object) =>
    (await read('journal.events', input)).events.map(({ subject }: { subject: string }) => subject);

  it('lists every fact of an event', async () => {
    const { events, next } = await read('journal.events', { limit: 1 });
    expect(events).toEqual([
      {
        id: expect.any(String),
        writer: 'main',
        seq: 1,
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        action: 'dataset.ingested',
        subject: 'dataset:1',
        data: { rows: 3 },
        identity: { name: 'ada', role: 'admin', key_id: 'key-1' },
        on_behalf_of: null,
        operation: 'ingest.file',
        door: 'http',
        request_id: 'request-1',
        phase: 'done',
        intent_id: null,
        policy_version: 1,
        truth: [{ rule: 'no-empty-file', action: 'allow' }],
        prev_hash: '0'.repeat(64),
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ]);
    expect(next).toBe(events[0]?.id);
  });

  it.each([
    ['an action', { action: 'dataset.ingested' }, ['dataset:1', 'dataset:2']],
    ['a subject', { subject: 'key:9' }, ['key:9']],
    ['an identity', { identity: 'ada' }, ['dataset:1', 'object:default/a']],
    ['a person, also where an agent acted for them', { identity: 'grace' }, ['dataset:2', 'key:9']],
    ['a time in the past', { until: '2020-01-01T00:00:00Z' }, []],
    [
      'a time until now',
      { since: '2020-01-01T00:00:00+02:00', until: '9999-01-01T00:00:00Z', limit: 2 },
      ['dataset:1', 'dataset:2'],
    ],
    ['a person, newest first, cut to the page', { identity: 'grace', order: 'desc', limit: 1 }, ['key:9']],
    ['newest first', { order: 'desc', limit: 2 }, ['object:default/a', 'key:9']],
  ])('filters by %s', async (_, input, expected) => {
    expect(await subjects(input)).toEqual(expected);
  });

  it('pages by cursor in both directions, to the end', async () => {
    for (const order of ['asc', 'desc']) {
      const seen: number[] = [];
      for (let after: string | null | undefined; after !== null; ) {
        const page = await read('journal.events', { order, limit: 3, ...(after ? { after } : {}) });
        seen.push(...page.events.map(({ seq }: { seq: number }) => seq));
        after = page.next;
      }
      expect(seen).toEqual(order === 'asc' ? [1, 2, 3, 4] : [4, 3, 2, 1]);
    }
  });

  it('refuses a cursor that is none', async () => {
    await expect(read('journal.events', { after: `' OR 1=1` })).rejects.toMatchObject({
      code: 'journal.unknown_cursor',
    });
  });
});

it.each(['journal.events', 'journal.stats', 'journal.checkpoint', 'journal.verify'])(
  '%s reads nothing without the permission it demands',
  async (name) => {
    await expect(read(name, {}, ['audit.read'])).rejects.toMatchObject({ code: 'scope.not_granted' });
    const { access } = operation(name);
    if (access.kind !== 'demands') throw new Error('no demands');
    expect((await access.resolve(scopeIssuer.resolve(grant([])), {})).demands).toEqual([
      { kind: 'permission', permission: 'journal.read' },
    ]);
  },
);

describe('journal.stats', () => {
  it('counts what was ever created, across a restart', async () => {
    await open.add({ action: 'a' });
    await open.add({ action: 'b' });
    await open.add({ action: 'b' }, { phase: 'intent' });
    await open.close();
    open = await home.open();
    await open.add({ action: 'a' });
    expect(await read('journal.stats')).toMatchObject({
      total_events_created: 4,
      events_kept: 4,
      by_action: [
        { action: 'a', events: 2 },
        { action: 'b', events: 2 },
      ],
      last_checkpoint: { number: 2, seq: 3 },
      unsigned_events: 1,
      open_intents: 1,
    });
  });

  it('answers for an empty journal', async () => {
    expect(await read('journal.stats')).toMatchObject({
      total_events_created: 0,
      first_event_time: null,
      last_event_id: null,
      last_checkpoint: { number: 1, seq: 0 },
    });
  });
});

describe('journal.checkpoint', () => {
  it('can be checked by anyone with the public key', async () => {
    await open.add();
    await open.journald.stop();
    const checkpoint = await read('journal.checkpoint');
    const { signed_text: text, signature, public_key: publicKey } = checkpoint;
    const key = createPublicKey(publicKey);
    expect(verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'))).toBe(true);
    expect(JSON.parse(text)).toMatchObject({
      number: 2,
      seq: 1,
      hash: checkpoint.hash,
      key_id: checkpoint.key_id,
    });
  });

  it('is signed when enough events were committed', async () => {
    await open.close();
    await home.dispose();
    home = await journalHome({ checkpoint_every_events: 3 });
    open = await home.open();
    const signed = async () =>
      (
        await open.store.read(
          open.store.queries.selectFrom('journal_checkpoints').select('seq').orderBy('number'),
        )
      ).map(({ seq }) => seq);
    for (let number = 0; number < 3; number++) await open.add();
    // By the count alone: nothing stops, and no time passes that would sign.
    await expect.poll(signed).toContain(3);
    for (let number = 0; number < 4; number++) await open.add();
    await open.journald.stop();
    expect((await signed()).at(-1)).toBe(7);
  });
});

describe('journal.verify', () => {
  it('verifies the journal that is in use', async () => {
    for (let number = 0; number < 5; number++) await open.add();
    const adding = Promise.all(Array.from({ length: 50 }, () => open.add()));
    const report = await read('journal.verify');
    await adding;
    expect(report).toMatchObject({ valid: true, first_bad: null });
    expect(report.events_checked).toBeGreaterThanOrEqual(5);
  });

  it('holds the journal against a checkpoint that was kept, also after the key was rotated', async () => {
    await open.add();
    const { signed_text, signature, public_key } = await read('journal.checkpoint');
    const checkpoint = { signed_text, signature, public_key };
    await rotate();
    await open.add();
    expect(await read('journal.verify', { checkpoint })).toMatchObject({ valid: true, kept_checked: 1 });
    expect((await read('journal.verify')).kept_checked).toBe(0);
    const forged = { ...checkpoint, signed_text: signed_text.replace(/"number":\d+/, '"number":99') };
    const report = await read('journal.verify', { checkpoint: forged });
    expect(report).toMatchObject({ valid: false, kept_checked: 0 });
    for (const changed of [
      { signed_text: '{}' },
      { signed_text: `${signed_text} ` },
      { public_key: 'none' },
    ]) {
      await expect(
        read('journal.verify', { checkpoint: { ...checkpoint, ...changed } }),
      ).rejects.toMatchObject({
        code: 'journal.checkpoint_invalid',
      });
    }
  });
});

describe('journal.rotate_key', () => {
  it('puts a new key in force that vouches for what the old one signed', async () => {
    await open.add();
    const before = await read('journal.checkpoint');
    const { output } = await rotate();
    await open.add();
    await open.journald.stop();
    const after = await read('journal.checkpoint');
    expect(after.key_id).toBe(output.key_id);
    expect(after.key_id).not.toBe(before.key_id);
    expect(keyFiles()).toEqual(['checkpoint.ed25519']);
    expect(statSync(join(home.home, 'keys', 'checkpoint.ed25519')).mode & 0o777).toBe(0o600);
    await open.close();
    // From either key: the one kept elsewhere before the rotation, or the one in the home.
    for (const key of [undefined, before.public_key]) {
      expect(await home.verify(key)).toMatchObject({ valid: true, unsigned_events: 0 });
    }
    open = await home.open();
  });

  it('is finished at the next start where a crash came between commit and key file', async () => {
    const { output } = await rotate(false);
    expect(keyFiles()).toEqual(['checkpoint.ed25519', `checkpoint.ed25519.${output.key_id}`]);
    await open.store.close();
    open = await home.open();
    expect(keyFiles()).toEqual(['checkpoint.ed25519']);
    expect((await read('journal.checkpoint')).public_key_id).toBe(output.key_id);
    await open.close();
    expect(await home.verify()).toMatchObject({ valid: true, unsigned_events: 0 });
    open = await home.open();
  });

  it('leaves no key of a rotation that came to nothing after the next start', async () => {
    await open.close();
    checkpointKeyFiles(home.home).createCandidate();
    open = await home.open();
    expect(readdirSync(join(home.home, 'keys'))).toEqual(['checkpoint.ed25519']);
  });

  it('lets one of two at once win, and keeps its key', async () => {
    const results = await Promise.all([rotate(), rotate()]);
    expect(results.map(({ outcome }) => outcome.committed).sort()).toEqual([false, true]);
    const winner = results.find(({ outcome }) => outcome.committed);
    expect((await read('journal.checkpoint')).public_key_id).toBe(winner?.output.key_id);
    expect(keyFiles()).toEqual(['checkpoint.ed25519']);
  });

  it('refuses to start without the key the chain names', async () => {
    await open.close();
    const file = join(home.home, 'keys', 'checkpoint.ed25519');
    const key = readFileSync(file);
    rmSync(file);
    await expect(home.open()).rejects.toMatchObject({ code: 'journal.key_missing' });
    expect(existsSync(file)).toBe(false);
    writeFileSync(file, key, { mode: 0o600 });
    open = await home.open();
  });
});

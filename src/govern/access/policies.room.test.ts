import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AccessRoom, openAccessRoom } from '../../../test/support/access-room.ts';
import {
  openCandidatesRoom,
  candidatesPolicy as policy,
  secretSql,
} from '../../../test/support/candidates-room.ts';
import { column, datasetOf } from '../../../test/support/policy-cases.ts';
import { type AnyOperation, type Demand, readOperation } from '../scope/index.ts';

let room: AccessRoom;
let analyst: string;

/** An operation on a dataset, for which the door answers. */
function probe(name: string, mayCreate: boolean, action: 'read' | 'write' = 'write'): AnyOperation {
  return readOperation({
    name,
    summary: name,
    description: name,
    input: z.strictObject({ name: z.string() }),
    output: z.strictObject({}),
    access: {
      kind: 'demands',
      async resolve(_scope, input) {
        const facts = room.datasets.find((dataset) => dataset.name === input.name) ?? null;
        const demand = { kind: 'dataset', name: input.name, action, facts, mayCreate } as const;
        return { demands: [demand], resolved: null };
      },
    },
    truth: { before: { none: 'a probe' }, after: { none: 'a probe' } },
    run: async () => ({ kind: 'value', value: {} }),
  });
}

async function openRoom(): Promise<void> {
  ({ room, analyst } = await openCandidatesRoom([
    probe('probe.make', true),
    probe('probe.change', false),
    probe('probe.read', false, 'read'),
  ]));
}

/** One room for tests that only ask. */
function sharedRoom(): void {
  beforeAll(openRoom);
  afterAll(() => room.close());
}

const put = (input: Record<string, unknown>) => room.call('access.policies.put', input);
const identityOf = (apiKey: string) => room.access.control.identify({ apiKey, delegationToken: null });

describe('policies', () => {
  beforeEach(openRoom);
  afterEach(() => room.close());

  it('answer with the difference, which the journal records without SQL', async () => {
    const changed = await put({
      ...policy,
      roles: { ...policy.roles, agent: {} },
      masks: [],
      row_filters: [{ ...policy.row_filters[0], except_roles: [] }],
    });
    expect(changed).toMatchObject({
      from_version: 1,
      version: 2,
      changed: true,
      diff: { added: ['role agent'], removed: ['mask tag pii.email'] },
    });
    expect(changed.diff.changed[0]).toMatch(/^row_filter candidates [0-9a-f]{12}$/);
    const events = await room.store.read(room.store.queries.selectFrom('journal_events').selectAll());
    const records = events.map((event) => event.record).join('\n');
    expect(records).toContain('policy.applied');
    expect(records).not.toContain('Top Secret');
  });

  it('answer line by line what each rule says more and less, and record none of it', async () => {
    const analystRole = { ...policy.roles.analyst, models: ['openai/*'] };
    const grants = [{ dataset: 'candidates', actions: ['read', 'write'] }];
    const asked = {
      roles: { ...policy.roles, analyst: { ...analystRole, grants } },
      masks: [
        { tag: 'pii.email', method: 'expression', expression: "'gone'", except_roles: ['admin', 'hr'] },
      ],
    };
    const { diff } = await put({ ...asked, dry_run: true });
    expect(diff.rules).toEqual([
      {
        rule: expect.stringMatching(/^row_filter candidates/),
        added: [],
        removed: [`where ${secretSql}`, 'for every role', 'not for admin'],
      },
      { rule: 'role analyst', added: ['write on candidates', 'model openai/*'], removed: [] },
      {
        rule: 'mask tag pii.email',
        added: ["method expression 'gone'", 'not for hr'],
        removed: ['method email'],
      },
    ]);
    await put(asked);
    const events = await room.store.read(room.store.queries.selectFrom('journal_events').selectAll());
    expect(events.map((event) => event.record).join('')).not.toMatch(/'gone'|Top Secret/);
    const { roles } = await room.call('access.roles.list');
    expect(roles.find(({ role }: { role: string }) => role === 'analyst').models).toEqual(['openai/*']);
  });

  it('change nothing under dry_run or where nothing differs', async () => {
    const dry = await put({ ...policy, masks: [], dry_run: true });
    expect(dry).toMatchObject({ dry_run: true, changed: true, version: 1, journal_event_id: null });
    expect(await put(policy)).toMatchObject({ changed: false, version: 1, journal_event_id: null });
    expect((await room.call('access.policies.get')).masks).toHaveLength(1);
  });

  it('are read in the form they are written, and refused where they changed meanwhile', async () => {
    const read = await room.call('access.policies.get');
    await put({ ...read, masks: [] });
    expect(await room.refusal('access.policies.put', read)).toBe('access.policy_changed');
    expect(await room.refusal('access.policies.put', { ...policy, if_version: 1 })).toBe(
      'access.policy_changed',
    );
    expect((await put({ ...policy, if_version: 2 })).version).toBe(3);
  });

  it('let one of two changes at the same time through where both saw the same version', async () => {
    const results = await Promise.allSettled([
      put({ ...policy, masks: [], if_version: 1 }),
      put({ ...policy, row_filters: [], if_version: 1 }),
    ]);
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []));
    expect(refused).toEqual(['access.policy_changed']);
    expect((await room.call('access.policies.get')).version).toBe(2);
  });

  it('apply one after the other where neither said what it saw', async () => {
    const both = await Promise.all([put({ ...policy, masks: [] }), put({ ...policy, row_filters: [] })]);
    expect(both.map((answer) => answer.version).sort()).toEqual([2, 3]);
  });

  it('are refused with the place of what cannot stand, and nothing is changed', async () => {
    const bad = { ...policy, row_filters: [{ dataset: 'a', where: 'x = (SELECT 1)' }] };
    await expect(put(bad)).rejects.toMatchObject({
      code: 'access.invalid_policy',
      detail: 'row_filters[0].where, character 5: a subquery is not allowed in a policy.',
      data: { problems: [{ key: 'row_filters[0].where', position: 4 }] },
    });
    expect(await room.refusal('access.policies.put', { ...policy, mask: [] })).toBe('door.invalid_input');
    expect((await room.call('access.policies.get')).version).toBe(1);
  });

  it('are taken as TOML too, whose mistakes are named by line and with what was meant', async () => {
    const toml = '[roles.analyst]\ngrants = [{ dataset = "flights*", actions = ["read"] }]\n';
    expect(await put({ toml })).toMatchObject({ changed: true, version: 2 });
    expect((await room.call('access.policies.get')).roles.analyst.grants).toEqual([
      { dataset: 'flights*', actions: ['read'] },
    ]);
    await expect(put({ toml: `${toml}grnats = []` })).rejects.toMatchObject({
      code: 'access.invalid_policy',
      detail: expect.stringMatching(/access\.toml, line 3: roles\.analyst\.grnats.*"grants"/),
    });
    expect(await room.refusal('access.policies.put', { toml, ...policy })).toBe('door.invalid_input');
  });

  it('warn of a role that only rules name, and let keys carry it', async () => {
    const { warnings } = await put({
      ...policy,
      masks: [{ tag: 'a.b', method: 'null', except_roles: ['recruiter'] }],
    });
    expect(warnings.join()).toContain('recruiter');
    const made = await room.call('access.keys.create', { name: 'r', role: 'recruiter' });
    expect((await room.call('access.me', {}, { key: made.key })).datasets).toEqual([]);
  });

  it('are not taken away by a request or a file that says nothing', async () => {
    await expect(put({})).rejects.toMatchObject({
      code: 'door.invalid_input',
      detail: expect.stringContaining('what is left out is taken away'),
    });
    for (const toml of ['', '# all of it is gone\n', '[roles]\n']) {
      await expect(put({ toml, dry_run: true })).rejects.toMatchObject({ code: 'access.invalid_policy' });
    }
    expect((await room.call('access.policies.get')).version).toBe(1);
    expect(await put({ roles: {} })).toMatchObject({ version: 2, changed: true });
  });

  it('warn of a rule about a column that its dataset does not have', async () => {
    const { warnings } = await put({
      ...policy,
      masks: [
        { dataset: 'candidates', column: 'Email', method: 'email' },
        { dataset: 'candidates', column: 'emial', method: 'email' },
        { dataset: 'candidates', column: 'name', method: 'expression', expression: 'left(nmae, 1)' },
        { dataset: 'later', column: 'emial', method: 'email' },
        { dataset: 'cand*', column: 'emial', method: 'email' },
      ],
      row_filters: [
        { dataset: 'candidates', where: 'region = identity.region' },
        { dataset: 'candidates', where: 'regoin = identity.region' },
      ],
    });
    expect(warnings).toEqual([
      'The mask on column candidates.emial masks nothing: candidates has no such column.',
      'The mask on column candidates.name reads a column that candidates does not have: its readers are refused.',
      expect.stringMatching(
        /^row_filter candidates [0-9a-f]{12} reads a column that candidates does not have/,
      ),
    ]);
  });

  it('warn that a role admin of their own changes nothing', async () => {
    const { warnings } = await put({ ...policy, roles: { ...policy.roles, admin: { grants: [] } } });
    expect(warnings).toEqual(['[roles.admin] has no effect: the role is built in and may do everything.']);
  });

  it('take effect at once on the next decision', async () => {
    const [candidates] = room.datasets;
    if (candidates === undefined) throw new Error('no dataset');
    const identity = await identityOf(analyst);
    const decide = () => room.access.control.authoriseDataset(identity, candidates, 'read').allowed;
    expect(decide()).toBe(true);
    await put({ roles: { analyst: {} } });
    expect(decide()).toBe(false);
    expect(room.access.control.policyVersion()).toBe(2);
  });

  it('cannot lock the administrator out', async () => {
    await put({ roles: {}, masks: [], row_filters: [] });
    expect((await put(policy)).version).toBe(3);
    await put({ roles: { admin: { grants: [], permissions: [] } } });
    expect((await room.call('access.me')).permissions).toContain('access.admin');
  });

  it('keep binding a rule to the fields of the time it was first applied', async () => {
    const masked = { roles: policy.roles, masks: [{ dataset: 'd', column: 'email', method: 'null' }] };
    const at = room.time.nowMs;
    const facts = datasetOf('d', [
      { sinceMs: at - 10, columns: [column(7, 'email')] },
      { sinceMs: at + 5_000, columns: [column(7, 'contact')] },
    ]);
    const admin = await identityOf(room.adminKey);
    const maskedFields = () => {
      const answer = room.access.control.authoriseDataset(admin, facts, 'read');
      return answer.allowed ? [...answer.decision.masks.keys()] : null;
    };
    await put(masked);
    expect(maskedFields()).toEqual([7]);
    room.time.advance(60_000);
    // An unrelated change, after the rename, must not lose the field.
    await put({ ...masked, roles: {} });
    expect(maskedFields()).toEqual([7]);
    await put({ ...masked, roles: {}, rebind: true });
    expect(maskedFields()).toEqual([]);
  });

  it('are read from the store by a server that starts later, with their times', async () => {
    const { createAccess } = await import('./index.ts');
    const restarted = await createAccess(room.options);
    const [candidates] = room.datasets;
    if (candidates === undefined) throw new Error('no dataset');
    const identity = await restarted.control.identify({ apiKey: analyst, delegationToken: null });
    const ours = room.access.control.authoriseDataset(await identityOf(analyst), candidates, 'read');
    expect(restarted.control.authoriseDataset(identity, candidates, 'read')).toEqual(ours);
    restarted.close();
  });
});

describe('the first policy', () => {
  it('comes from the file once', async () => {
    const fresh = await openAccessRoom();
    try {
      const toml = '[roles.analyst]\ngrants = [{ dataset = "*", actions = ["read"] }]';
      const first = await fresh.access.firstPolicy(toml, 'access.toml');
      await fresh.store.commit(first?.statements ?? []);
      await fresh.access.refresh();
      expect(fresh.access.control.policyVersion()).toBe(1);
      expect(await fresh.access.firstPolicy('[roles.other]', 'access.toml')).toBeNull();
      await expect(fresh.access.firstPolicy('[', 'access.toml')).resolves.toBeNull();
    } finally {
      await fresh.close();
    }
  });
});

describe('demands', () => {
  sharedRoom();

  const demand = async (asked: Demand, key = analyst) =>
    room.access.control.authorise(await identityOf(key), asked);
  const facts = (name: string) => room.datasets.find((dataset) => dataset.name === name) ?? null;
  const dataset = (name: string, action: 'read' | 'write', more = {}) =>
    ({ kind: 'dataset', name, action, facts: facts(name), ...more }) as const;

  it('for an undiscoverable dataset are refused as for one that does not exist', async () => {
    for (const name of ['secrets', 'nothing']) {
      expect(await demand(dataset(name, 'read'))).toMatchObject({
        allowed: false,
        discoverable: false,
      });
    }
  });

  it('to write are refused alike through the door, whether the name is taken in secret or free', async () => {
    const answers: string[] = [];
    for (const name of ['secrets', 'nothing']) {
      for (const operation of ['probe.make', 'probe.change']) {
        const refused = await room.call(operation, { name }, { key: analyst }).catch((error) => error);
        answers.push(JSON.stringify([refused.code, refused.detail, refused.data]).replaceAll(name, 'x'));
      }
    }
    expect(answers.slice(0, 2)).toEqual(answers.slice(2));
  });

  it('for a discoverable dataset name the missing grant and the owner', async () => {
    expect(await demand(dataset('known', 'read'))).toEqual({
      allowed: false,
      reason: 'The role analyst has no grant to read known.',
      discoverable: true,
      owner: 'olga',
      granted: false,
    });
  });

  it('that a rule stands against do not send the caller for a grant that is there', async () => {
    const bare = await room.call('access.keys.create', { name: 'bare', role: 'analyst' });
    const refused = (name: string) =>
      room.call('probe.read', { name }, { key: bare.key }).catch((error) => error);
    const byRule = await refused('candidates');
    expect(byRule.detail).toBe(
      'A row filter needs the identity attribute region. The grant is there: ask an administrator, who can change your key or the rule.',
    );
    expect(byRule.data).toEqual({ dataset: 'candidates', action: 'read' });
    const byGrant = await refused('known');
    expect(byGrant.detail).toBe(
      'The role analyst has no grant to read known. Ask its owner, olga, for read on "known".',
    );
  });

  it('for unmasked rows are refused to a role with masks or filters', async () => {
    expect(await demand(dataset('candidates', 'read', { unmasked: true }))).toMatchObject({
      allowed: false,
      discoverable: true,
    });
    const clear = await demand(dataset('candidates', 'read', { unmasked: true }), room.adminKey);
    expect(clear.allowed).toBe(true);
  });

  it('for unmasked rows are refused where a mask or a filter stands alone, too', async () => {
    const { row_filters, masks } = policy;
    for (const only of [
      { roles: policy.roles, row_filters },
      { roles: policy.roles, masks },
    ]) {
      await put(only);
      expect((await demand(dataset('candidates', 'read', { unmasked: true }))).allowed).toBe(false);
    }
    await put({ roles: policy.roles });
    expect((await demand(dataset('candidates', 'read', { unmasked: true }))).allowed).toBe(true);
    await put(policy);
  });

  it('to make a dataset are judged by its name', async () => {
    expect((await demand(dataset('new', 'write', { mayCreate: true }))).allowed).toBe(false);
    expect((await demand(dataset('new', 'write'), room.adminKey)).allowed).toBe(false);
    expect((await demand(dataset('new', 'write', { mayCreate: true }), room.adminKey)).allowed).toBe(true);
  });

  it('on objects are judged by whole components of the key', async () => {
    const cases: readonly [string, string, string, boolean][] = [
      ['default', 'read', 'reports/a.csv', true],
      ['default', 'read', 'reports', true],
      ['default', 'list', 'reports/', true],
      ['default', 'list', 'reports/2026', true],
      ['default', 'list', 'reports', false],
      ['default', 'list', '', false],
      ['default', 'read', 'reports-old/a.csv', false],
      ['default', 'read', 'reports/../secret', false],
      ['default', 'read', 'reports/..\\secret', false],
      ['default', 'read', 'reports/\0', false],
      ['default', 'write', 'reports/a.csv', false],
      ['other', 'read', 'reports/a.csv', false],
    ];
    for (const [bucket, action, key, expected] of cases) {
      const asked = { kind: 'bucket', bucket, action: action as 'read', key } as const;
      expect([bucket, action, key, (await demand(asked)).allowed]).toEqual([bucket, action, key, expected]);
    }
  });
});

describe('roles', () => {
  sharedRoom();

  it('are listed with the built-in one and how many keys have them', async () => {
    const { roles, policy_version } = await room.call('access.roles.list');
    expect(policy_version).toBe(1);
    const named = (name: string) => roles.find((role: { role: string }) => role.role === name);
    expect(named('admin')).toMatchObject({ built_in: true, keys: 1 });
    expect(named('analyst')).toMatchObject({ built_in: false, keys: 1 });
    expect(named('auditor').permissions).toEqual(['audit.read', 'journal.read']);
  });
});

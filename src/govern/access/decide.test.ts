import { beforeAll, describe, expect, it } from 'vitest';
import { column, datasetOf, identityOf, policyOf } from '../../../test/support/policy-cases.ts';
import { policyParser } from '../../../test/support/policy-parser.ts';
import type { DatasetAction, DatasetFacts, Identity } from '../scope/index.ts';
import { decide } from './decide.ts';
import type { ExpressionParser } from './expression-parser.ts';

let parser: ExpressionParser;
beforeAll(async () => {
  parser = await policyParser();
});

const candidates = datasetOf('candidates', [
  {
    sinceMs: 10,
    columns: [
      column(1, 'id'),
      column(2, 'email', 'pii.email'),
      column(3, 'region'),
      column(4, 'address', 'pii.address'),
      column(5, 'address.zip'),
      column(6, 'pay', 'pii.pay'),
    ],
  },
]);

const grants = [{ dataset: '*', actions: ['read', 'write', 'admin'] }];
const roles = { analyst: { grants }, recruiter: { grants }, agent: { grants } };

/** What a caller gets, in a form that a table can hold: the refusal, or `field:method …|number of filters`. */
async function outcome(
  members: Record<string, unknown>,
  identity: Identity,
  options: { facts?: DatasetFacts; action?: DatasetAction; sinceMs?: number } = {},
): Promise<string> {
  const policy = await policyOf(parser, { roles, ...members }, { sinceMs: options.sinceMs ?? 100 });
  const { authorisation } = decide(policy, identity, options.facts ?? candidates, options.action ?? 'read');
  if (!authorisation.allowed) return authorisation.reason;
  const masks = [...authorisation.decision.masks.values()].sort((a, b) => a.fieldId - b.fieldId);
  const shown = masks.map((mask) => `${mask.fieldId}:${mask.method}`).join(' ');
  return `${shown}|${authorisation.decision.rowFilters.length}`;
}

it('reads identity.name and identity.role of the caller, whatever attributes its key has', async () => {
  const policy = await policyOf(parser, {
    roles,
    row_filters: [{ dataset: '*', where: 'region = identity.name OR region = identity.role' }],
  });
  const given = { name: 'EU', role: 'recruiter' };
  const readBy = (caller: Identity) => {
    const { authorisation } = decide(policy, caller, candidates, 'read');
    if (!authorisation.allowed) throw new Error(authorisation.reason);
    return authorisation.decision.rowFilters.map(({ identity }) => Object.fromEntries(identity));
  };
  expect(readBy(identityOf('analyst', given))).toEqual([{ name: 'analyst', role: 'analyst' }]);
  const agent = identityOf('agent', given, identityOf('analyst', given));
  expect(readBy(agent)).toEqual([{ name: 'analyst', role: 'analyst' }]);
});

describe('grants', () => {
  const policy = {
    roles: {
      analyst: {
        grants: [
          { dataset: 'flights*', actions: ['read'] },
          { dataset: 'sales.*', actions: ['read', 'write'] },
        ],
      },
    },
  };

  it.each([
    ['analyst', 'flights', 'read', true],
    ['analyst', 'flights', 'write', false],
    ['analyst', 'flights_3m', 'read', true],
    ['analyst', 'candidates', 'read', false],
    ['analyst', 'sales.orders', 'write', true],
    ['analyst', 'sales.orders', 'delete', false],
    ['nobody', 'flights', 'read', false],
    ['', 'flights', 'read', false],
    ['__proto__', 'flights', 'read', false],
    ['constructor', 'flights', 'read', false],
    ['admin', 'anything', 'delete', true],
  ] as const)('%s on %s to %s: %s', async (role, name, action, expected) => {
    const compiled = await policyOf(parser, policy);
    const facts = datasetOf(name, [{ sinceMs: 1, columns: [column(1, 'id')] }]);
    expect(decide(compiled, identityOf(role), facts, action).authorisation.allowed).toBe(expected);
  });

  it('holds nothing where no policy was applied, but for the administrator', async () => {
    const empty = await policyOf(parser, {});
    expect(decide(empty, identityOf('analyst'), candidates, 'read').authorisation.allowed).toBe(false);
    expect(decide(empty, identityOf('admin'), candidates, 'read').authorisation.allowed).toBe(true);
  });
});

describe('masks', () => {
  const byTag = (tag: string, method: string, more = {}) => ({ tag, method, ...more });
  const byColumn = (name: string, method: string, more = {}) => ({
    dataset: 'cand*',
    column: name,
    method,
    ...more,
  });
  const sql = (expression: string) => ({ method: 'expression', expression });

  it.each([
    [[byTag('pii.email', 'email')], '2:email|0'],
    [[byTag('pii.*', 'redact')], '2:redact 4:redact 5:null 6:redact|0'],
    [[byColumn('EMAIL', 'hash')], '2:hash|0'],
    [[byColumn('address.zip', 'partial')], '5:partial|0'],
    [[byColumn('address', 'null')], '4:null 5:null|0'],
    [[{ dataset: 'other', column: 'email', method: 'null' }], '|0'],
    [[byTag('pii.email', 'email', { dataset: 'other' })], '|0'],
    [[byTag('pii.email', 'email', { except_roles: ['analyst'] })], '|0'],
    [[byTag('pii.email', 'email', { roles: ['recruiter'] })], '|0'],
    [[byTag('pii.email', 'email', { roles: ['analyst'] })], '2:email|0'],
    // The stricter of two, whatever their order.
    [[byTag('pii.email', 'email'), byColumn('email', 'hash')], '2:hash|0'],
    [[byColumn('email', 'hash'), byTag('pii.email', 'email')], '2:hash|0'],
    [[byTag('pii.email', 'null'), byTag('pii.email', 'redact')], '2:null|0'],
    [[byTag('pii.email', 'year'), byTag('pii.email', 'partial')], '2:partial|0'],
    // An expression beside what shows no part of the value gives way; beside anything else it is a conflict.
    [[byTag('pii.email', 'redact'), { ...byColumn('email', ''), ...sql('lower(email)') }], '2:redact|0'],
    [[{ ...byColumn('email', ''), ...sql('lower(email)') }], '2:expression|0'],
  ])('%j mask an analyst as %s', async (masks, expected) => {
    expect(await outcome({ masks }, identityOf('analyst'))).toBe(expected);
  });

  it.each([
    [[byTag('pii.email', 'hash'), { ...byColumn('email', ''), ...sql('lower(email)') }]],
    [
      [
        { ...byColumn('email', ''), ...sql('lower(email)') },
        { ...byTag('pii.email', ''), ...sql('upper(email)') },
      ],
    ],
    [
      [
        byTag('pii.email', 'null'),
        { ...byColumn('email', ''), ...sql('lower(email)') },
        { ...byTag('pii.email', ''), ...sql('upper(email)') },
      ],
    ],
  ])('%j conflict, and the dataset is refused', async (masks) => {
    expect(await outcome({ masks }, identityOf('analyst'))).toContain('conflict');
  });

  it('refuses a masked field inside a struct that an expression rebuilds', async () => {
    const masks = [{ ...byColumn('address', ''), ...sql('address') }, byColumn('address.zip', 'null')];
    expect(await outcome({ masks }, identityOf('analyst'))).toContain('inside');
  });

  it.each([
    ['skills.name', '3:null|0'],
    ['skills.element.name', '3:null|0'],
    ['skills', '1:null 3:null 4:null|0'],
    ['name', '|0'],
    ['notes.value.text', '6:null|0'],
    ['notes.text', '6:null|0'],
    ['element', '|0'],
  ])('reach into lists and maps by %s', async (name, expected) => {
    const facts = datasetOf('candidates', [
      {
        sinceMs: 1,
        columns: [
          column(1, 'skills'),
          column(3, 'skills.element.name'),
          column(4, 'skills.element.level'),
          column(5, 'notes'),
          column(6, 'notes.value.text'),
        ],
      },
    ]);
    expect(await outcome({ masks: [byColumn(name, 'null')] }, identityOf('analyst'), { facts })).toBe(
      expected,
    );
  });

  it('masks the administrator too, unless a rule takes it out', async () => {
    expect(await outcome({ masks: [byTag('pii.email', 'email')] }, identityOf('admin'))).toBe('2:email|0');
  });

  it('says which rules decided, without their SQL', async () => {
    const policy = await policyOf(parser, {
      roles,
      masks: [byTag('pii.email', 'hash'), byColumn('email', 'hash'), byTag('pii.*', 'year')],
    });
    const { authorisation } = decide(policy, identityOf('analyst'), candidates, 'read');
    if (!authorisation.allowed) throw new Error(authorisation.reason);
    expect(authorisation.decision.masks.get(2)?.reasons).toEqual(['tag pii.email', 'column cand*.email']);
  });
});

describe('row filters', () => {
  const filter = (where: string, more = {}) => ({ dataset: 'candidates', where, ...more });

  it.each([
    [[filter('region = identity.region')], { region: 'EU' }, '|1'],
    [[filter('region = identity.region'), filter('pay > 0')], { region: 'EU' }, '|2'],
    [[filter('region = identity.region', { roles: ['agent'] })], {}, '|0'],
    [[filter('region = identity.region', { except_roles: ['recruiter'] })], {}, '|0'],
    [[filter("email = identity.name AND identity.role <> 'x'")], {}, '|1'],
  ])('%j with %j gives %s', async (row_filters, attributes, expected) => {
    expect(await outcome({ row_filters }, identityOf('recruiter', attributes))).toBe(expected);
  });

  it.each([
    ['region = identity.region', {}, 'needs the identity attribute region'],
    ['region = identity.constructor', {}, 'needs the identity attribute constructor'],
    ['nowhere = 1', {}, 'does not have'],
    ['address.city = 1', {}, 'does not have'],
    ['candidates.region = 1', {}, 'does not have'],
  ])('%s refuses reading', async (where, attributes, reason) => {
    const row_filters = [filter(where)];
    expect(await outcome({ row_filters }, identityOf('recruiter', attributes))).toContain(reason);
  });

  it('lets an administrator mend what cannot be read, under a filter that shows no row', async () => {
    const row_filters = [filter('nowhere = 1')];
    const policy = await policyOf(parser, { roles, row_filters });
    const { authorisation } = decide(policy, identityOf('admin'), candidates, 'admin');
    if (!authorisation.allowed) throw new Error(authorisation.reason);
    const [only, ...others] = authorisation.decision.rowFilters;
    expect(others).toEqual([]);
    expect(JSON.parse(only?.node ?? '')).toMatchObject({ class: 'CONSTANT', value: { value: false } });
  });
});

describe('binding of names across schemas', () => {
  const email = column(2, 'email');
  const region = column(3, 'region');
  const at = (sinceMs: number, ...columns: ReturnType<typeof column>[]) => ({ sinceMs, columns });
  const masks = [{ dataset: 'd', column: 'email', method: 'null' }];
  const row_filters = [{ dataset: 'd', where: "region = 'EU'" }];

  it.each([
    ['a column renamed after the rule', [at(10, email), at(200, column(2, 'contact'))], '2:null|0'],
    [
      'a name used again for another field',
      [at(10, email), at(200, column(2, 'contact')), at(300, column(2, 'contact'), column(9, 'email'))],
      '2:null 9:null|0',
    ],
    [
      'a field that had lost the name before the rule',
      [at(10, email), at(50, column(2, 'contact'), column(9, 'email'))],
      '9:null|0',
    ],
    [
      'a field of before the rule that time travel alone reaches',
      [at(10, email), at(50, column(9, 'email'))],
      '2:null 9:null|0',
    ],
    [
      'a name that comes later',
      [at(10, column(1, 'id')), at(200, column(1, 'id'), column(4, 'email'))],
      '4:null|0',
    ],
    ['a schema of the same millisecond', [at(10, email), at(100, column(2, 'contact'))], '2:null|0'],
  ])('a mask covers %s', async (_case, history, expected) => {
    const facts = datasetOf('d', history);
    expect(await outcome({ masks }, identityOf('analyst'), { facts })).toBe(expected);
  });

  it.each([
    ['follows a rename', [at(10, region), at(200, column(3, 'area'))], '|1'],
    [
      'is ambiguous once the name is used again',
      [at(10, region), at(200, column(3, 'area'), column(8, 'region'))],
      'more than one field',
    ],
    [
      'knows which field was meant where the other use was before it',
      [at(10, region), at(50, column(8, 'region'))],
      '|1',
    ],
    ['refuses where its column is gone', [at(10, region), at(200, column(1, 'id'))], 'does not have'],
    [
      'is ambiguous between names that differ in case',
      [at(10, region, column(8, 'Region'))],
      'more than one field',
    ],
  ])('a row filter %s', async (_case, history, expected) => {
    const facts = datasetOf('d', history);
    expect(await outcome({ row_filters }, identityOf('analyst'), { facts })).toContain(expected);
  });

  it('binds a filter to the field that carried the name, not to its present bearer', async () => {
    const policy = await policyOf(parser, { roles, row_filters }, { sinceMs: 100 });
    const facts = datasetOf('d', [at(10, region), at(200, column(3, 'area'))]);
    const { authorisation } = decide(policy, identityOf('analyst'), facts, 'read');
    if (!authorisation.allowed) throw new Error(authorisation.reason);
    expect([...(authorisation.decision.rowFilters[0]?.columns ?? [])]).toEqual([['region', 3]]);
  });

  it('masks by a tag that any schema of the dataset carries', async () => {
    const facts = datasetOf('d', [at(10, column(2, 'email', 'pii.email')), at(50, column(9, 'other'))]);
    expect(
      await outcome({ masks: [{ tag: 'pii.email', method: 'null' }] }, identityOf('analyst'), { facts }),
    ).toBe('2:null|0');
  });
});

describe('delegation', () => {
  const person = (attributes = {}) => identityOf('recruiter', attributes);
  const agentFor = (attributes: Record<string, string>, whom: Identity) =>
    identityOf('agent', attributes, whom);
  const row_filters = [{ dataset: '*', roles: ['recruiter'], where: 'region = identity.region' }];
  const agentFilter = [{ dataset: '*', roles: ['agent'], where: 'region = identity.region' }];

  it('needs a grant of both', async () => {
    const only = (role: string) => ({ roles: { [role]: { grants } } });
    expect(await outcome(only('agent'), agentFor({}, person()))).toContain('recruiter');
    expect(await outcome(only('recruiter'), agentFor({}, person()))).toContain('agent');
  });

  it('applies a rule about either', async () => {
    const masks = [
      { tag: 'pii.email', method: 'email', roles: ['agent'] },
      { tag: 'pii.email', method: 'null', roles: ['recruiter'] },
      { tag: 'pii.pay', method: 'null', except_roles: ['agent'] },
    ];
    expect(await outcome({ masks }, agentFor({}, person()))).toBe('2:null 6:null|0');
  });

  it.each([
    ['the agent’s own region', { region: 'US' }, { region: 'EU' }],
    ['no region of the agent', {}, { region: 'EU' }],
  ])('filters by the person’s region, with %s', async (_case, agent, whom) => {
    for (const rules of [row_filters, agentFilter]) {
      const policy = await policyOf(parser, { roles, row_filters: rules });
      const { authorisation } = decide(policy, agentFor(agent, person(whom)), candidates, 'read');
      if (!authorisation.allowed) throw new Error(authorisation.reason);
      expect(authorisation.decision.rowFilters[0]?.identity.get('region')).toBe('EU');
    }
  });

  it('refuses where the person lacks the attribute, whatever the agent has', async () => {
    for (const rules of [row_filters, agentFilter]) {
      expect(await outcome({ row_filters: rules }, agentFor({ region: 'EU' }, person()))).toContain(
        'needs the identity attribute region',
      );
    }
  });

  it('gives identity.name and identity.role of the person', async () => {
    const policy = await policyOf(parser, {
      roles,
      row_filters: [{ dataset: '*', where: 'email = identity.name OR email = identity.role' }],
    });
    const { authorisation } = decide(policy, agentFor({}, person()), candidates, 'read');
    if (!authorisation.allowed) throw new Error(authorisation.reason);
    expect([...(authorisation.decision.rowFilters[0]?.identity ?? [])]).toEqual([
      ['name', 'recruiter'],
      ['role', 'recruiter'],
    ]);
  });
});

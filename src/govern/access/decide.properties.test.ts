import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { column, datasetOf, identityOf, policyOf } from '../../../test/support/policy-cases.ts';
import { policyParser } from '../../../test/support/policy-parser.ts';
import { type Authorisation, type Identity, MASK_METHODS } from '../scope/index.ts';
import { decide } from './decide.ts';
import { DecisionCache } from './decision-cache.ts';
import type { ExpressionParser } from './expression-parser.ts';

let parser: ExpressionParser;
beforeAll(async () => {
  parser = await policyParser();
});

const facts = datasetOf('people', [
  {
    sinceMs: 10,
    columns: [
      column(1, 'email', 'pii.email'),
      column(2, 'region'),
      column(3, 'address', 'pii.address'),
      column(4, 'address.zip', 'pii.address'),
    ],
  },
  {
    sinceMs: 200,
    columns: [
      column(1, 'contact', 'pii.email'),
      column(2, 'region'),
      column(3, 'address', 'pii.address'),
      column(4, 'address.zip', 'pii.address'),
      column(5, 'email'),
    ],
  },
]);

const role = fc.constantFrom('analyst', 'recruiter', 'agent');
const audience = fc.record(
  { roles: fc.uniqueArray(role, { maxLength: 2 }), except_roles: fc.uniqueArray(role, { maxLength: 2 }) },
  { requiredKeys: [] },
);
const about = fc.oneof(
  fc.constantFrom('pii.email', 'pii.*', 'pii.address').map((tag) => ({ tag })),
  fc
    .constantFrom('email', 'contact', 'address', 'address.zip', 'region')
    .map((name) => ({ dataset: 'people', column: name })),
);
const method = fc.oneof(
  fc.constantFrom(...MASK_METHODS.filter((name) => name !== 'expression')).map((name) => ({ method: name })),
  fc
    .constantFrom('upper(region)', 'lower(region)')
    .map((expression) => ({ method: 'expression', expression })),
);
const mask = fc.tuple(about, method, audience).map((parts) => Object.assign({}, ...parts) as object);
const filter = fc
  .tuple(
    fc.constantFrom(
      'region = identity.region',
      "region <> 'x'",
      'contact IS NULL',
      'email IS NULL',
      'identity.level > 3',
    ),
    audience,
  )
  .map(([where, whom]) => ({ dataset: 'peop*', where, ...whom }));
const grants = fc
  .subarray(['read', 'write'])
  .map((actions) => (actions.length === 0 ? [] : [{ dataset: 'people', actions }]));
const members = fc.record({
  roles: fc.record({
    analyst: fc.record({ grants }),
    recruiter: fc.record({ grants }),
    agent: fc.record({ grants }),
  }),
  masks: fc.array(mask, { maxLength: 4 }),
  row_filters: fc.array(filter, { maxLength: 3 }),
});
const attributes = fc.record(
  { region: fc.constantFrom('EU', 'US'), level: fc.integer({ min: 1, max: 5 }) },
  { requiredKeys: [] },
);
const caller = fc.tuple(role, attributes).map(([name, own]) => identityOf(name, own));
const action = fc.constantFrom('read', 'write', 'admin') as fc.Arbitrary<'read' | 'write' | 'admin'>;

const STRICTNESS = ['expression', 'year', 'email', 'partial', 'hash', 'redact', 'null'];

/** Whether `narrow` shows nothing that `wide` does not. */
function showsNoMore(narrow: Authorisation, wide: Authorisation): boolean {
  if (!narrow.allowed) return true;
  if (!wide.allowed) return false;
  const weaker = [...wide.decision.masks].some(([fieldId, ofWide]) => {
    const ofNarrow = narrow.decision.masks.get(fieldId);
    if (ofNarrow === undefined) return true;
    const steps = STRICTNESS.indexOf(ofNarrow.method) - STRICTNESS.indexOf(ofWide.method);
    return steps < 0 || (steps === 0 && ofNarrow.expression?.node !== ofWide.expression?.node);
  });
  const shown = (authorisation: Extract<Authorisation, { allowed: true }>) =>
    authorisation.decision.rowFilters.map((one) => JSON.stringify([one.node, ...one.identity]));
  // A filter that shows no row is narrower than any.
  const none = shown(narrow).some((text) => text.includes('\\"value\\":false'));
  const held = new Set(shown(narrow));
  return !weaker && (none || shown(wide).every((text) => held.has(text)));
}

async function authorise(policy: unknown, who: Identity, what: 'read' | 'write' | 'admin') {
  const compiled = await policyOf(parser, policy);
  return decide(compiled, who, facts, what).authorisation;
}

describe('decisions, for any policy', () => {
  it('never show more after a mask was added', async () => {
    await fc.assert(
      fc.asyncProperty(members, mask, fc.nat(4), caller, action, async (policy, added, at, who, what) => {
        const masks = policy.masks.toSpliced(at, 0, added);
        const before = await authorise(policy, who, what);
        expect(showsNoMore(await authorise({ ...policy, masks }, who, what), before)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('never show more after a row filter was added', async () => {
    await fc.assert(
      fc.asyncProperty(members, filter, caller, action, async (policy, added, who, what) => {
        const row_filters = [...policy.row_filters, added];
        const before = await authorise(policy, who, what);
        expect(showsNoMore(await authorise({ ...policy, row_filters }, who, what), before)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('never show more after grants were taken away', async () => {
    await fc.assert(
      fc.asyncProperty(members, role, caller, action, async (policy, loser, who, what) => {
        const roles = { ...policy.roles, [loser]: { grants: [] } };
        const before = await authorise(policy, who, what);
        expect(showsNoMore(await authorise({ ...policy, roles }, who, what), before)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('never show an agent acting for a person more than either sees with the person’s attributes', async () => {
    await fc.assert(
      fc.asyncProperty(members, caller, caller, action, async (policy, agent, person, what) => {
        const together = await authorise(policy, { ...agent, onBehalfOf: person }, what);
        const asPerson = await authorise(policy, person, what);
        const asAgent = await authorise(policy, { ...agent, attributes: person.attributes }, what);
        expect(showsNoMore(together, asPerson)).toBe(true);
        expect(showsNoMore(together, asAgent)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('do not depend on an agent’s own attributes when it acts for a person', async () => {
    await fc.assert(
      fc.asyncProperty(members, caller, caller, attributes, async (policy, agent, person, other) => {
        const changed = { ...agent, attributes: new Map(Object.entries(other)) };
        const one = await authorise(policy, { ...agent, onBehalfOf: person }, 'read');
        const two = await authorise(policy, { ...changed, onBehalfOf: person }, 'read');
        expect(two).toEqual(one);
      }),
      { numRuns: 300 },
    );
  });

  it('are the same from the cache as made afresh, whoever asked before (K-6)', async () => {
    const who = fc
      .tuple(caller, fc.option(caller))
      .map(([agent, person]) => ({ ...agent, onBehalfOf: person }));
    const asked = fc.array(fc.tuple(who, action, fc.boolean()), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(members, members, asked, async (one, two, questions) => {
        const cache = new DecisionCache();
        const policies = [await policyOf(parser, one), await policyOf(parser, two, { version: 2 })] as const;
        for (const [identity, what, later] of questions) {
          const policy = policies[later ? 1 : 0];
          expect(cache.decide(policy, identity, facts, what)).toEqual(decide(policy, identity, facts, what));
        }
      }),
      { numRuns: 200 },
    );
  });
});

import { expect, it } from 'vitest';
import type { Identity } from '../../govern/scope/index.ts';
import { leaseHolder } from './lease-holder.ts';

const PERSON: Identity = {
  name: 'rosa',
  role: 'recruiter',
  attributes: new Map<string, string | number>([
    ['region', 'EMEA'],
    ['level', 3],
  ]),
  keyId: 'k1',
  onBehalfOf: null,
};
const AGENT: Identity = { ...PERSON, name: 'matcher', role: 'agent', keyId: 'k2', onBehalfOf: PERSON };

const READS = { policyVersions: [7], snapshots: { people: '1' } };

const differing: readonly (readonly [string, Identity, typeof READS])[] = [
  ['another name', { ...PERSON, name: 'ann' }, READS],
  ['another role', { ...PERSON, role: 'analyst' }, READS],
  ['another key of the same name', { ...PERSON, keyId: 'k9' }, READS],
  ['another value of an attribute', { ...PERSON, attributes: new Map([['region', 'APAC']]) }, READS],
  ['an attribute less', { ...PERSON, attributes: new Map([['region', 'EMEA']]) }, READS],
  [
    'a number that was a text',
    { ...PERSON, attributes: new Map([...PERSON.attributes, ['level', '3']]) },
    READS,
  ],
  ['an agent for the person', AGENT, READS],
  ['the agent alone', { ...AGENT, onBehalfOf: null }, READS],
  ['the agent for someone else', { ...AGENT, onBehalfOf: { ...PERSON, name: 'ann', keyId: 'k3' } }, READS],
  ['another version of the policy', PERSON, { ...READS, policyVersions: [8] }],
  ['another snapshot', PERSON, { ...READS, snapshots: { people: '2' } }],
];

it.each(differing)('tells %s from every other caller', (_, identity, versions) => {
  const others = [leaseHolder(PERSON, READS), ...differing.map(([, one, of]) => leaseHolder(one, of))];
  const own = leaseHolder(identity, versions);
  expect(others.filter((holder) => holder === own)).toHaveLength(1);
});

it('is the same for the same caller, in whatever order its attributes come', () => {
  const again = { ...PERSON, attributes: new Map([...PERSON.attributes].reverse()) };
  expect(leaseHolder(again, READS)).toBe(leaseHolder(PERSON, READS));
});

it('is nobody where no key stands for the caller', () => {
  expect(leaseHolder({ ...PERSON, keyId: null }, READS)).toBeNull();
});

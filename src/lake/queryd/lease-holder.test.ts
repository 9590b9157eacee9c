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

const differing: readonly (readonly [string, Identity, readonly number[]])[] = [
  ['another name', { ...PERSON, name: 'ann' }, [7]],
  ['another role', { ...PERSON, role: 'analyst' }, [7]],
  ['another key of the same name', { ...PERSON, keyId: 'k9' }, [7]],
  ['another value of an attribute', { ...PERSON, attributes: new Map([['region', 'APAC']]) }, [7]],
  ['an attribute less', { ...PERSON, attributes: new Map([['region', 'EMEA']]) }, [7]],
  [
    'a number that was a text',
    { ...PERSON, attributes: new Map([...PERSON.attributes, ['level', '3']]) },
    [7],
  ],
  ['an agent for the person', AGENT, [7]],
  ['the agent alone', { ...AGENT, onBehalfOf: null }, [7]],
  ['the agent for someone else', { ...AGENT, onBehalfOf: { ...PERSON, name: 'ann', keyId: 'k3' } }, [7]],
  ['another version of the policy', PERSON, [8]],
];

it.each(differing)('tells %s from every other caller', (_, identity, versions) => {
  const others = [leaseHolder(PERSON, [7]), ...differing.map(([, one, of]) => leaseHolder(one, of))];
  const own = leaseHolder(identity, versions);
  expect(others.filter((holder) => holder === own)).toHaveLength(1);
});

it('is the same for the same caller, in whatever order its attributes come', () => {
  const again = { ...PERSON, attributes: new Map([...PERSON.attributes].reverse()) };
  expect(leaseHolder(again, [7])).toBe(leaseHolder(PERSON, [7]));
});

it('is nobody where no key stands for the caller', () => {
  expect(leaseHolder({ ...PERSON, keyId: null }, [7])).toBeNull();
});

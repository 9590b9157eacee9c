import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import {
  type AnyOperation,
  DATASET_ACTIONS,
  type DatasetFacts,
  type Identity,
  PERMISSIONS,
  type ReadScope,
  readOperation,
} from '../../scope/index.ts';
import { type AccessParts, isoTime } from '../access-parts.ts';
import { holdsPermission } from '../authorise-demand.ts';
import { noTruth } from './rules.ts';
import { shownColumn, shownColumns } from './shown-decision.ts';

const DATASETS_PER_SLICE = 50;

const shownIdentity = z.strictObject({
  name: z.string(),
  role: z.string(),
  key_id: z.string().nullable(),
  attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  key_expires_at: z.string().nullable(),
});

const shownDataset = z.strictObject({
  name: z.string(),
  actions: z.array(z.enum(DATASET_ACTIONS)),
  filtered: z.boolean().describe('Row filters apply: not every row is seen.'),
  columns: z.array(shownColumn).describe('Empty where reading is not granted.'),
  refused_because: z.string().nullable().describe('Why reading is refused although it is granted by name.'),
});

/** `access.me`: who am I, what may I see, what is masked and why. */
export function whoAmI(parts: AccessParts): AnyOperation {
  return readOperation({
    name: 'access.me',
    summary: 'Who am I',
    description: 'The caller’s identity, permissions and datasets, with the masks on each column and why.',
    input: z.strictObject({}),
    output: z.strictObject({
      identity: shownIdentity,
      on_behalf_of: shownIdentity.nullable(),
      policy_version: z.int(),
      permissions: z.array(z.enum(PERMISSIONS)),
      datasets: z.array(shownDataset),
    }),
    access: { kind: 'authenticated', reason: 'Shows the caller what its own rights already show.' },
    truth: noTruth,
    async run(scope) {
      const { identity } = scope;
      const { compiled } = parts.state.policy;
      const facts = await parts.directory().list(scope);
      return {
        kind: 'value',
        value: {
          identity: shown(parts, identity),
          on_behalf_of: identity.onBehalfOf === null ? null : shown(parts, identity.onBehalfOf),
          policy_version: compiled.version,
          permissions: PERMISSIONS.filter((permission) => holdsPermission(compiled, identity, permission)),
          datasets: await visibleDatasets(parts, scope, facts),
        },
      };
    },
  });
}

function shown(parts: AccessParts, identity: Identity): z.output<typeof shownIdentity> {
  const key = identity.keyId === null ? null : parts.state.keys.find(identity.keyId);
  return {
    name: identity.name,
    role: identity.role,
    key_id: identity.keyId,
    attributes: Object.fromEntries(identity.attributes),
    key_expires_at: isoTime(key?.row.expires_ms ?? null),
  };
}

/** In slices, so that a long catalog holds up no other request. */
async function visibleDatasets(
  parts: AccessParts,
  scope: ReadScope,
  facts: readonly DatasetFacts[],
): Promise<z.output<typeof shownDataset>[]> {
  const shownOnes: z.output<typeof shownDataset>[] = [];
  for (const [index, dataset] of facts.entries()) {
    if (index % DATASETS_PER_SLICE === DATASETS_PER_SLICE - 1) await nextTurn();
    shownOnes.push(...visibleDataset(parts, scope, dataset));
  }
  return shownOnes;
}

/** Nothing where no action is allowed: the dataset then reads like one that does not exist. */
function visibleDataset(
  parts: AccessParts,
  scope: ReadScope,
  facts: DatasetFacts,
): z.output<typeof shownDataset>[] {
  const actions = DATASET_ACTIONS.filter((action) => scope.authorise(facts, action).allowed);
  const read = scope.authorise(facts, 'read');
  const { compiled } = parts.state.policy;
  const { grants } = parts.cache.decide(compiled, scope.identity, facts, 'read');
  const grantedByName = grants.length === (scope.identity.onBehalfOf === null ? 1 : 2);
  if (actions.length === 0 && !grantedByName) return [];
  return [
    {
      name: facts.name,
      actions,
      filtered: read.allowed && read.decision.rowFilters.length > 0,
      columns: read.allowed ? shownColumns(facts, read.decision) : [],
      refused_because: !read.allowed && grantedByName ? read.reason : null,
    },
  ];
}

import { z } from 'zod';
import { type Clock, type IdGenerator, LakeError } from '../../../base/index.ts';
import {
  identityLabel,
  mutationOperation,
  nothingToJudge,
  permissionRule,
  readOperation,
} from '../../../govern/scope/index.ts';
import { type MetastoreReader, statement } from '../../../metastore/index.ts';
import type { ScrumOverrideRow } from '../../../metastore/tables/scrum.ts';
import { scrumErrors } from '../errors.ts';
import { overrideInput, shownOverride } from '../file-schema.ts';
import { overrideOf } from '../iteration-records.ts';
import { repositoryName } from '../iteration-schema.ts';

/** A decision over a longer time is a policy, and belongs into one. */
const LONGEST_MS = 366 * 86_400_000;
const MAX_LISTED = 1_000;

export interface OverrideParts {
  readonly reader: MetastoreReader;
  readonly clock: Clock;
  readonly ids: IdGenerator;
}

type Shown = z.output<typeof shownOverride>;
const listInput = z.strictObject({ repository: repositoryName.optional() });
const listOutput = z.strictObject({ overrides: z.array(shownOverride) });
const setOutput = z.strictObject({ override: shownOverride, journal_event_id: z.string().nullable() });
const removeInput = z.strictObject({ override_id: z.uuid() });
const removeOutput = z.strictObject({ removed: z.boolean(), journal_event_id: z.string().nullable() });
const truth = nothingToJudge('A person’s decision stands with its reason.');

/** `scrum.overrides.list`: the overrides in force. */
export function listOverrides({ reader, clock }: OverrideParts) {
  return readOperation<z.output<typeof listInput>, z.output<typeof listOutput>, null>({
    name: 'scrum.overrides.list',
    summary: 'List overrides of the permission gradient',
    description:
      'Who decided what may be done with a file or a suggestion, why, and until when. Expired ones are left out.',
    input: listInput,
    output: listOutput,
    access: permissionRule('review.read'),
    truth,
    async run(scope, { repository }) {
      scope.requirePermission('review.read');
      let query = reader.queries
        .selectFrom('scrum_overrides')
        .selectAll()
        .where('expires_ms', '>', Math.floor(clock.nowMs()));
      if (repository !== undefined) query = query.where('repository', '=', repository);
      const rows = await reader.read(query.orderBy('override_id', 'desc').limit(MAX_LISTED));
      const overrides = rows.map(shown);
      return { kind: 'value', value: { overrides }, rowCount: overrides.length };
    },
  });
}

/** `scrum.overrides.set`: a person’s decision, journaled with its reason. */
export function setOverride({ reader, clock, ids }: OverrideParts) {
  return mutationOperation<z.output<typeof overrideInput>, z.output<typeof setOutput>, null>({
    name: 'scrum.overrides.set',
    summary: 'Override the permission gradient',
    description:
      'Sets what may be done with a file or a suggestion until a time, with a reason. `auto` still needs a passed trial.',
    input: overrideInput,
    output: setOutput,
    access: permissionRule('review.override'),
    truth,
    async prepare(scope, given) {
      scope.requirePermission('review.override');
      return {
        async attempt() {
          const nowMs = Math.floor(clock.nowMs());
          const expiresMs = Date.parse(given.expires_at);
          if (expiresMs <= nowMs || expiresMs > nowMs + LONGEST_MS) {
            throw new LakeError(scrumErrors.override_expired, {
              detail: '`expires_at` must lie ahead, and within a year.',
            });
          }
          const row: ScrumOverrideRow = {
            override_id: ids.next(),
            repository: given.repository,
            path: given.path ?? null,
            suggestion_id: given.suggestion_id ?? null,
            tier: given.tier,
            reason: given.reason,
            identity: identityLabel(scope.identity),
            created_ms: nowMs,
            expires_ms: expiresMs,
          };
          return {
            statements: [
              statement(reader.queries.insertInto('scrum_overrides').values(row), {
                rows: 1,
                refusal: 'override_taken',
              }),
            ],
            event: {
              action: 'scrum.override_set',
              subject: `scrum_override:${row.override_id}`,
              data: { ...shown(row) },
            },
            status: 201,
            output: (eventId) => ({ override: shown(row), journal_event_id: eventId }),
          };
        },
      };
    },
  });
}

/** `scrum.overrides.remove`: takes an override back, journaled. */
export function removeOverride({ reader }: OverrideParts) {
  return mutationOperation<z.output<typeof removeInput>, z.output<typeof removeOutput>, null>({
    name: 'scrum.overrides.remove',
    summary: 'Remove an override',
    description: 'From then on what is known decides again.',
    input: removeInput,
    output: removeOutput,
    access: permissionRule('review.override'),
    truth,
    async prepare(scope, { override_id: id }) {
      scope.requirePermission('review.override');
      return {
        async attempt() {
          const { queries } = reader;
          const [row] = await reader.read(
            queries.selectFrom('scrum_overrides').selectAll().where('override_id', '=', id),
          );
          if (row === undefined) {
            throw new LakeError(scrumErrors.override_not_found, {
              detail: 'There is no override of this id.',
            });
          }
          const deletion = queries.deleteFrom('scrum_overrides').where('override_id', '=', id);
          return {
            statements: [statement(deletion, { rows: 1, refusal: 'override_there' })],
            event: {
              action: 'scrum.override_removed',
              subject: `scrum_override:${id}`,
              data: {
                repository: row.repository,
                path: row.path,
                suggestion_id: row.suggestion_id,
                tier: row.tier,
              },
            },
            output: (eventId) => ({ removed: true, journal_event_id: eventId }),
          };
        },
      };
    },
  });
}

function shown(row: ScrumOverrideRow): Shown {
  return {
    ...overrideOf(row),
    identity: row.identity,
    created_at: new Date(Number(row.created_ms)).toISOString(),
  };
}

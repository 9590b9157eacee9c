import { z } from 'zod';
import {
  DATASET_ACTIONS,
  nothingToJudge,
  type ReadScope,
  readOperation,
} from '../../../govern/scope/index.ts';
import { isoTime } from '../dataset-answer.ts';
import type { DatasetRecord } from '../dataset-record.ts';
import type { DatasetStore } from '../dataset-store.ts';
import { readPageToken, writePageToken } from './dataset-input.ts';

const input = z.strictObject({
  prefix: z.string().max(128).default('').describe('Only names that begin with this, whatever their case.'),
  limit: z.int().min(1).max(1_000).default(100).describe('Datasets of one page.'),
  page_token: z.string().max(1_024).optional().describe('next_page_token of the page before.'),
});

const summary = z.strictObject({
  dataset: z.string(),
  owner: z.string().nullable(),
  actions: z
    .array(z.enum(DATASET_ACTIONS))
    .describe('What you may do; none for one that is only discoverable.'),
  dataset_id: z.string().nullable().describe('Null unless you may read it, as all below.'),
  description: z.string().nullable(),
  tags: z.array(z.string()),
  column_count: z.int().nullable(),
  row_count: z.int().nullable().describe('Null also where a row filter applies to you.'),
  snapshot_id: z.string().nullable(),
  updated_at: z.string().nullable(),
});

const output = z.strictObject({ datasets: z.array(summary), next_page_token: z.string().nullable() });

/** Lists the datasets a caller may know of: granted ones, and discoverable ones by name and owner alone. */
export function listDatasets(store: DatasetStore) {
  return readOperation<z.infer<typeof input>, z.infer<typeof output>, null>({
    name: 'catalog.datasets.list',
    summary: 'List datasets',
    description:
      'Lists the datasets you have a grant on, and those marked discoverable by name and owner, in the order of ' +
      'their names. Row counts are left out where a row filter applies to you.',
    input,
    output,
    access: {
      kind: 'authenticated',
      reason: 'Each dataset is shown by the caller’s own rights on it, judged one by one.',
    },
    truth: nothingToJudge('A listing makes no claim.'),
    async run(scope, given) {
      let afterKey = readPageToken(given.page_token, /^[a-z0-9_.]{1,128}$/) ?? '';
      const datasets: z.infer<typeof summary>[] = [];
      for (;;) {
        const missing = given.limit - datasets.length;
        // One more than is missing says whether another page follows, without naming what a caller may not know.
        const page = await store.page({ afterKey, prefix: given.prefix, limit: missing + 1 });
        for (const record of page) {
          const shown = summarise(scope, record);
          if (shown === null) {
            afterKey = record.row.name_key;
            continue;
          }
          if (datasets.length === given.limit) {
            return { kind: 'value', value: { datasets, next_page_token: writePageToken(afterKey) } };
          }
          datasets.push(shown);
          afterKey = record.row.name_key;
        }
        if (page.length <= missing) return { kind: 'value', value: { datasets, next_page_token: null } };
      }
    },
  });
}

function summarise(scope: ReadScope, record: DatasetRecord): z.infer<typeof summary> | null {
  const { row, facts, schema } = record;
  const answers = DATASET_ACTIONS.map((action) => ({ action, answer: scope.authorise(facts, action) }));
  const actions = answers.filter(({ answer }) => answer.allowed).map(({ action }) => action);
  if (actions.length === 0 && !facts.discoverable) return null;
  const read = answers.find(({ action }) => action === 'read')?.answer;
  const known = { dataset: row.name, owner: row.owner, actions };
  if (read?.allowed !== true) return { ...known, ...UNKNOWN };
  const filtered = read.decision.rowFilters.length > 0;
  return {
    ...known,
    dataset_id: row.dataset_id,
    description: row.description,
    tags: [...facts.tags],
    column_count: schema.fields.length,
    row_count: filtered ? null : Number(row.record_count),
    snapshot_id: row.snapshot_id,
    updated_at: isoTime(row.updated_ms),
  };
}

const UNKNOWN = {
  dataset_id: null,
  description: null,
  tags: [],
  column_count: null,
  row_count: null,
  snapshot_id: null,
  updated_at: null,
};

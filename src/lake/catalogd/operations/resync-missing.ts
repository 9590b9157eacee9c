import { z } from 'zod';
import type { Clock, Logger } from '../../../base/index.ts';
import {
  type EventDraft,
  mutationOperation,
  nothingToJudge,
  permissionRule,
} from '../../../govern/scope/index.ts';
import type { DatasetStore } from '../dataset-store.ts';
import { surveyWarehouse, type WarehouseSurvey } from '../survey-warehouse.ts';
import type { TableFiles } from '../table-files.ts';
import type { Warehouse } from '../warehouse.ts';

/** Datasets with missing files, and files, that an answer names. */
const SHOWN = 100;
const SWEPT = 'catalog.orphans_swept';

const input = z.strictObject({
  dry_run: z.boolean().default(false).describe('Say what would be done and change nothing.'),
});

const output = z.strictObject({
  dry_run: z.boolean(),
  datasets_checked: z.int(),
  datasets_missing_files: z
    .array(z.strictObject({ dataset: z.string(), dataset_id: z.string(), missing_files: z.int() }))
    .describe('Reads of these fail; restore the files from a backup, roll back, or delete the dataset.'),
  orphan_files: z.int().describe('Files that no dataset names and that are older than the grace period.'),
  orphan_bytes: z.int(),
  kept_young_files: z.int().describe('Files that no dataset names yet: commits on their way.'),
  swept_files: z.int(),
  journal_event_id: z.string().nullable(),
});

/** Finds datasets without their files and files without a dataset, and sweeps the latter. */
export function resyncMissing(parts: {
  store: DatasetStore;
  files: TableFiles;
  warehouse: Warehouse;
  clock: Clock;
  log: Logger;
  graceMs: number;
}) {
  return mutationOperation<z.infer<typeof input>, z.infer<typeof output>, null>({
    name: 'catalog.resync-missing',
    summary: 'Compare datasets with files',
    description:
      'Names the datasets whose files are missing, and removes warehouse files that no dataset names: what crashes and ' +
      'lost races left, and the files of deleted datasets. Files younger than catalog.orphan_grace_s stay.',
    input,
    output,
    access: permissionRule('catalog.admin'),
    truth: nothingToJudge('Files that no dataset names make no claim.'),
    async prepare(scope, given) {
      scope.requirePermission('catalog.admin');
      const survey = await surveyWarehouse(parts, parts.clock.nowMs() - parts.graceMs);
      const answer = (swept: number, eventId: string | null) => answerSurvey(survey, given, swept, eventId);
      if (given.dry_run || survey.orphans.length === 0) {
        return { attempt: async () => ({ statements: [], event: null, output: () => answer(0, null) }) };
      }
      const event = {
        action: SWEPT,
        subject: 'warehouse',
        data: { files: survey.orphans.length, bytes: orphanBytes(survey) },
      };
      return {
        // Removing files is an effect outside the store: intent first, then the files, then the outcome.
        external: {
          intent: event,
          async perform() {
            for (const { path } of survey.orphans) await parts.warehouse.remove(path);
          },
        },
        attempt: async () => ({
          statements: [],
          event,
          output: (eventId) => answer(survey.orphans.length, eventId),
        }),
      };
    },
  });
}

/** The end of a sweep that a crash cut off. */
export interface SettledSweep {
  readonly statements: readonly [];
  readonly event: EventDraft;
}

/** Some of its files may be gone and some not; the next sweep finds those that are left. */
export function settleSweep(intent: EventDraft): SettledSweep | null {
  if (intent.action !== SWEPT) return null;
  return { statements: [], event: { ...intent, data: { ...intent.data, outcome: 'interrupted' } } };
}

function answerSurvey(
  survey: WarehouseSurvey,
  given: z.infer<typeof input>,
  swept: number,
  eventId: string | null,
): z.infer<typeof output> {
  return {
    dry_run: given.dry_run,
    datasets_checked: survey.datasetsChecked,
    datasets_missing_files: survey.missing.slice(0, SHOWN).map(({ dataset, datasetId, missingFiles }) => ({
      dataset,
      dataset_id: datasetId,
      missing_files: missingFiles,
    })),
    orphan_files: survey.orphans.length,
    orphan_bytes: orphanBytes(survey),
    kept_young_files: survey.youngFiles,
    swept_files: swept,
    journal_event_id: eventId,
  };
}

function orphanBytes(survey: WarehouseSurvey): number {
  return survey.orphans.reduce((sum, file) => sum + file.sizeBytes, 0);
}

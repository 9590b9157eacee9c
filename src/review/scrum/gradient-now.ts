import type { Clock } from '../../base/index.ts';
import type { ScrumIterationRow, ScrumSuggestionRow } from '../../metastore/tables/scrum.ts';
import {
  type Permission,
  type PermissionOverride,
  type PermissionSubject,
  permissionFor,
  type ReviewRow,
  type TrialOutcome,
} from '../knowledge/index.ts';
import type { Suggestion } from './file-schema.ts';
import type { IterationRecords } from './iteration-records.ts';
import type { JudgedSuggestion } from './review-file.ts';

interface GradientParts {
  readonly records: IterationRecords;
  readonly clock: Clock;
}

/** What may be done with each file now: overrides count from when they were set, and until they expire. */
export async function currentGradient(
  { records, clock }: GradientParts,
  iteration: ScrumIterationRow,
  reviews: readonly ReviewRow[],
): Promise<readonly (Permission & { readonly path: string })[]> {
  const now = new Date(clock.nowMs());
  const overrides = await records.overrides(iteration.repository, now.getTime());
  const rows = await records.subjects(iteration.iteration_id);
  const subjects = new Map(rows.map(({ path, subject_json: json }) => [path, json]));
  return reviews
    .map((review) => {
      const json = subjects.get(review.path);
      if (json === undefined) return { path: review.path, ...forgotten(review) };
      const subject: PermissionSubject = JSON.parse(json);
      return { path: review.path, ...permissionFor(subject, overrides, now) };
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * Suggestions of an iteration with what may be done with each now, trials included. They are kept beside the datasets, so
 * that no filter reaches them: a suggestion is shown where the row of its file is among those the caller may read.
 */
export async function currentSuggestions(
  { records, clock }: GradientParts,
  iteration: ScrumIterationRow,
  reviews: readonly ReviewRow[],
): Promise<readonly Suggestion[]> {
  const now = new Date(clock.nowMs());
  const overrides = await records.overrides(iteration.repository, now.getTime());
  const { iteration_id: id } = iteration;
  const paths = new Set(reviews.flatMap((row) => (row.iteration_id === id ? [row.path] : [])));
  const rows = (await records.suggestions(id)).filter(({ path }) => paths.has(path));
  const trials = await records.trials(rows.map(({ suggestion_id: id }) => id));
  return rows.map((row) => suggestionNow(row, trials.get(row.suggestion_id) ?? null, overrides, now));
}

/** One suggestion with what may be done with it now. */
export function suggestionNow(
  row: ScrumSuggestionRow,
  trial: TrialOutcome | null,
  overrides: readonly PermissionOverride[],
  now: Date,
): Suggestion {
  const { suggestion, subject }: JudgedSuggestion = JSON.parse(row.suggestion_json);
  const { tier, reasons } = permissionFor({ ...subject, trial }, overrides, now);
  return { ...suggestion, tier, tier_reasons: [...reasons] };
}

/** What was decided when the file was read; the reasons are older than scrum.retention_days. */
function forgotten({ gradient_tier: tier }: ReviewRow): Permission {
  return { tier, reasons: ['as decided when it was reviewed'], override_id: null };
}

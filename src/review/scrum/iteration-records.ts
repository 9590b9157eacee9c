import type { JsonObject } from '../../base/index.ts';
import { LakeError } from '../../base/index.ts';
import type { MetastoreReader } from '../../metastore/index.ts';
import type {
  ScrumCallRow,
  ScrumFileRow,
  ScrumIterationRow,
  ScrumOverrideRow,
  ScrumRowRow,
  ScrumSubjectRow,
  ScrumSuggestionRow,
} from '../../metastore/tables/scrum.ts';
import type {
  PermissionOverride,
  ReportedFinding,
  ReviewRow,
  SeenAnchor,
  TrialOutcome,
} from '../knowledge/index.ts';
import { GRADIENT_TIERS } from '../knowledge/index.ts';
import { scrumErrors } from './errors.ts';
import { TRIAL_OUTCOMES } from './file-schema.ts';
import { attemptOf } from './kept-call.ts';
import type { Attempt } from './review-passes.ts';

/** What one reading of a file tells of, kept until the iteration is published. */
export interface FileReading {
  /** By a model. */
  readonly told: readonly ReportedFinding[];
  /** By rules. */
  readonly seen: readonly ReportedFinding[];
  /** Of earlier findings. */
  readonly anchors: readonly SeenAnchor[];
  readonly attempts: readonly Attempt[];
}

/** A row of `kb.reviews` before its journal event has an id. */
export type PendingReview = Omit<ReviewRow, 'journal_event_id'>;

export interface IterationCounts {
  readonly done: number;
  readonly reused: number;
  readonly noVerdict: number;
  readonly costNanoUsd: number;
}

/** What the store knows of iterations. */
export interface IterationRecords {
  find(id: string): Promise<ScrumIterationRow | null>;
  /** Throws `scrum.iteration_not_found`. */
  iteration(id: string): Promise<ScrumIterationRow>;
  running(
    kind: Pick<ScrumIterationRow, 'repository' | 'prompt' | 'ladder' | 'replicates'>,
  ): Promise<ScrumIterationRow | null>;
  lastNumber(repository: string): Promise<number>;
  finished(repository: string): Promise<readonly ScrumIterationRow[]>;
  /** Of every iteration of the repository, in whatever state. */
  iterationIds(repository: string): Promise<readonly string[]>;
  files(id: string): Promise<readonly ScrumFileRow[]>;
  file(id: string, path: string): Promise<ScrumFileRow | null>;
  /** By path. */
  rows(id: string): Promise<readonly ScrumRowRow[]>;
  row(id: string, path: string): Promise<ScrumRowRow | null>;
  /** Of an iteration, or of one file of it, in the order in which they were answered. */
  calls(id: string, path?: string): Promise<readonly ScrumCallRow[]>;
  subjects(id: string): Promise<readonly ScrumSubjectRow[]>;
  /** By its own id. */
  suggestion(suggestionId: string): Promise<ScrumSuggestionRow | null>;
  suggestions(id: string, path?: string): Promise<readonly ScrumSuggestionRow[]>;
  /** Overrides of a repository that are in force. */
  overrides(repository: string, nowMs: number): Promise<readonly PermissionOverride[]>;
  /** The newest trial of each suggestion that has one. */
  trials(suggestionIds: readonly string[]): Promise<ReadonlyMap<string, TrialOutcome>>;
}

export function createIterationRecords(reader: MetastoreReader): IterationRecords {
  const { queries } = reader;
  const iterations = () => queries.selectFrom('scrum_iterations').selectAll();
  const rowsOf = (id: string) => queries.selectFrom('scrum_rows').selectAll().where('iteration_id', '=', id);
  const filesOf = (id: string) =>
    queries.selectFrom('scrum_files').selectAll().where('iteration_id', '=', id);
  const find = async (id: string) => {
    const [found] = await reader.read(iterations().where('iteration_id', '=', id));
    return found ?? null;
  };
  return {
    find,
    async iteration(id) {
      const found = await find(id);
      if (found !== null) return found;
      throw new LakeError(scrumErrors.iteration_not_found, { detail: 'There is no iteration of this id.' });
    },
    async running({ repository, prompt, ladder, replicates }) {
      const [found] = await reader.read(
        iterations()
          .where('repository', '=', repository)
          .where('prompt', '=', prompt)
          .where('ladder', '=', ladder)
          .where('replicates', '=', replicates)
          .where('state', '=', 'running'),
      );
      return found ?? null;
    },
    async lastNumber(repository) {
      const query = iterations().where('repository', '=', repository).orderBy('number', 'desc').limit(1);
      const [last] = await reader.read(query);
      return Number(last?.number ?? 0);
    },
    finished: (repository) =>
      reader.read(
        iterations().where('repository', '=', repository).where('state', '=', 'finished').orderBy('number'),
      ),
    async iterationIds(repository) {
      const rows = await reader.read(
        queries.selectFrom('scrum_iterations').select('iteration_id').where('repository', '=', repository),
      );
      return rows.map(({ iteration_id: id }) => id);
    },
    files: (id) => reader.read(filesOf(id).orderBy('path')),
    async file(id, path) {
      const [found] = await reader.read(filesOf(id).where('path', '=', path));
      return found ?? null;
    },
    rows: (id) => reader.read(rowsOf(id).orderBy('path')),
    async row(id, path) {
      const [found] = await reader.read(rowsOf(id).where('path', '=', path));
      return found ?? null;
    },
    calls(id, path) {
      const query = queries.selectFrom('scrum_calls').selectAll().where('iteration_id', '=', id);
      const narrowed = path === undefined ? query : query.where('path', '=', path);
      return reader.read(narrowed.orderBy('call_id'));
    },
    subjects: (id) =>
      reader.read(
        queries.selectFrom('scrum_subjects').selectAll().where('iteration_id', '=', id).orderBy('path'),
      ),
    async suggestion(suggestionId) {
      const query = queries.selectFrom('scrum_suggestions').selectAll();
      const [found] = await reader.read(query.where('suggestion_id', '=', suggestionId));
      return found ?? null;
    },
    suggestions(id, path) {
      const query = queries.selectFrom('scrum_suggestions').selectAll().where('iteration_id', '=', id);
      const narrowed = path === undefined ? query : query.where('path', '=', path);
      return reader.read(narrowed.orderBy('suggestion_id'));
    },
    async overrides(repository, nowMs) {
      const query = queries
        .selectFrom('scrum_overrides')
        .selectAll()
        .where('repository', '=', repository)
        .where('expires_ms', '>', Math.floor(nowMs));
      return (await reader.read(query)).map(overrideOf);
    },
    async trials(suggestionIds) {
      const newest = new Map<string, TrialOutcome>();
      // A statement takes so many parameters at most.
      for (let at = 0; at < suggestionIds.length; at += 10_000) {
        const query = queries
          .selectFrom('scrum_trials')
          .select(['suggestion_id', 'outcome'])
          .where('suggestion_id', 'in', suggestionIds.slice(at, at + 10_000))
          .orderBy('trial_id');
        for (const row of await reader.read(query)) {
          const outcome = TRIAL_OUTCOMES.find((one) => one === row.outcome);
          if (outcome !== undefined) newest.set(row.suggestion_id, outcome);
        }
      }
      return newest;
    },
  };
}

/** Throws `scrum.iteration_closed` for an iteration that takes nothing more. */
export function requireRunning(iteration: ScrumIterationRow): void {
  if (iteration.state === 'running') return;
  throw new LakeError(scrumErrors.iteration_closed, {
    detail: `Iteration ${iteration.number} of ${iteration.repository} is ${iteration.state}. Start another.`,
  });
}

/** The cost is that of every call, also of those that came to no row. */
export function countsOf(rows: readonly ScrumRowRow[], unread: readonly ScrumCallRow[]): IterationCounts {
  const costOfCalls = unread.reduce((sum, call) => sum + Math.round(attemptOf(call).cost_usd * 1e9), 0);
  return {
    done: rows.length,
    reused: rows.filter((row) => Number(row.reused) === 1).length,
    noVerdict: rows.filter((row) => row.verdict === 'no_verdict').length,
    costNanoUsd: rows.reduce((sum, row) => sum + Number(row.cost_nano_usd), costOfCalls),
  };
}

export function pendingReview(row: ScrumRowRow): PendingReview {
  const review: PendingReview = JSON.parse(row.row_json);
  return review;
}

export function fileReading(row: ScrumRowRow): FileReading {
  const reading: FileReading = JSON.parse(row.reading_json);
  return reading;
}

/** What a journal event of an iteration names of it. */
export function iterationFacts(iteration: ScrumIterationRow): JsonObject {
  const { iteration_id: id, repository, number, commit_id: commit, prompt, ladder } = iteration;
  return { iteration_id: id, repository, iteration: Number(number), commit, prompt, ladder };
}

/** Where the findings of an iteration belong. */
export function findingPlace(iteration: ScrumIterationRow) {
  const { iteration_id, repository, number, commit_id: commit } = iteration;
  return { repository, commit, iteration_id, iteration: Number(number) };
}

/** What an override's row says to the gradient. */
export function overrideOf(row: ScrumOverrideRow): PermissionOverride {
  return {
    override_id: row.override_id,
    repository: row.repository,
    path: row.path,
    suggestion_id: row.suggestion_id,
    tier: GRADIENT_TIERS.find((tier) => tier === row.tier) ?? 'block',
    reason: row.reason,
    expires_at: new Date(Number(row.expires_ms)).toISOString(),
  };
}

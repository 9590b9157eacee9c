import type { Clock, IdGenerator, JsonObject, Logger, Statement } from '../../base/index.ts';
import type { MetastoreReader } from '../../metastore/index.ts';
import type { AnyOperation, EventDraft, HttpRoute } from '../scope/index.ts';
import { fieldsOf } from './condition.ts';
import { evaluateRules } from './operations/evaluate-rules.ts';
import { listRules } from './operations/list-rules.ts';
import { reloadRules } from './operations/reload-rules.ts';
import { decideReview, getReview, listReviews, takeReviewed } from './operations/reviews.ts';
import { MAX_REVIEWED_BYTES, reviewHeld, reviewRetention } from './reviews.ts';
import { truthRoutes } from './routes.ts';
import type { JudgedTask } from './rule.ts';
import { openRuleBook } from './rule-book.ts';
import { TRUTH_PHASES, type Truth } from './truth.ts';

/** How long held answers are kept, decided or not. */
const REVIEW_RETENTION_MS = 30 * 86_400_000;

/**
 * The truth room over one rules file (absolute path). Throws `truth.rules_invalid` or `truth.rules_unreadable`: the
 * program must not start without its rules.
 */
export async function createTruth(deps: {
  readonly rulesFile: string;
  readonly log: Logger;
  readonly reader: MetastoreReader;
  readonly clock: Clock;
  readonly ids: IdGenerator;
}): Promise<{
  readonly truth: Truth;
  readonly operations: readonly AnyOperation[];
  readonly routes: readonly HttpRoute[];
  /**
   * The event that records which rules this start put in force, for main to commit; null where the journal's newest
   * record of the rules (`recorded`, the data of `truth.loaded` or `truth.reloaded`) is of the same file.
   */
  loadedEvent(recorded: JsonObject | null): EventDraft | null;
  /**
   * Told once what the door runs. Throws `truth.rules_invalid` where a rule is of a task class or phase that none of
   * these operations is judged on, now and at every reload.
   */
  requireJudged(operations: readonly AnyOperation[]): void;
  /** Forgets held answers older than the retention, for main to commit. */
  reviewRetention(): Statement;
}> {
  const book = await openRuleBook(deps.rulesFile);
  const { rules, sha256 } = book.current();
  deps.log.info({ rules: rules.length, sha256 }, 'truth rules loaded');
  return {
    truth: {
      evaluate: (taskClass, phase, context, extent = 'whole') =>
        book.judge(taskClass, phase, context, { dryRun: false, extent }),
      extentAfter(taskClass) {
        const rules = book.current().rules;
        const extents = rules.flatMap((rule) =>
          rule.taskClass === taskClass && rule.phase === 'after' ? [rule.extent] : [],
        );
        if (extents.length === 0) return 'none';
        return extents.includes('whole') ? 'whole' : 'piece';
      },
      fieldsOfPieces: (taskClass) =>
        book
          .current()
          .rules.filter(
            (rule) => rule.taskClass === taskClass && rule.phase === 'after' && rule.extent === 'piece',
          )
          .flatMap((rule) => fieldsOf(rule.when)),
      holdForReview: (held) =>
        held.bytes.length > MAX_REVIEWED_BYTES ? null : reviewHeld(deps.reader, deps.ids, held),
    },
    operations: [
      listRules(book),
      evaluateRules(book),
      reloadRules(book),
      listReviews(deps),
      getReview(deps),
      decideReview(deps),
      takeReviewed(deps),
    ],
    routes: truthRoutes,
    loadedEvent(recorded) {
      const inForce = book.current();
      if (recorded?.sha256 === inForce.sha256) return null;
      const data = { sha256: inForce.sha256, rules: inForce.rules.map((rule) => rule.name) };
      return { action: 'truth.loaded', subject: 'truth:rules', data };
    },
    reviewRetention: () => reviewRetention(deps.reader, deps.clock.nowMs() - REVIEW_RETENTION_MS),
    requireJudged: (operations) => book.restrictTo(operations.flatMap(judgedTasks)),
  };
}

function judgedTasks({ truth }: AnyOperation): readonly JudgedTask[] {
  const hasTasks = truth.task !== undefined;
  return TRUTH_PHASES.flatMap((phase) => {
    const rule = truth[phase];
    return 'none' in rule ? [] : [{ taskClass: rule.taskClass, phase, hasTasks }];
  });
}

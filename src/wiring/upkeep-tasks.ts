import { type Statement, systemClock } from '../base/index.ts';
import { type CreatedDoor, commitAsSystem } from '../door/index.ts';
import type { EventDraft } from '../govern/scope/index.ts';
import { commitTask } from '../home/index.ts';
import type { OpenHome } from './open-home.ts';
import type { Rooms } from './open-rooms.ts';
import { chargeDoubted } from './start-records.ts';

/** Spendings that one turn settles, each of several statements. */
const MAX_SETTLED = 200;

/** What a served home does by itself at intervals: key use written down, old records dropped. */
export function upkeepTasks(
  home: OpenHome,
  { access, observer, truth, budget, scrum }: Rooms,
  door: Pick<CreatedDoor, 'idempotencyRetention' | 'closeLeftOpen' | 'doubtedSpendings'>,
) {
  const { store, journald, ids } = home;
  const commit = store.commit.bind(store);
  /** Forgets what is past its days, journaled, where there is any. */
  const retentionTask = (
    name: string,
    operation: string,
    old: () => Promise<{ readonly statements: readonly Statement[]; readonly event: EventDraft } | null>,
  ) => ({
    name,
    everyMs: 3_600_000,
    atStart: true,
    async run() {
      const pruned = await old();
      if (pruned === null) return;
      const change = { ...pruned, operation, requestId: ids.next(), intentId: null };
      const policyVersion = access.control.policyVersion();
      await commitAsSystem({ journal: journald.journal, store }, { ...change, policyVersion });
    },
  });
  return [
    commitTask('key use', 30_000, { statements: access.pendingTouches, commit }),
    { name: 'audit rows left open', everyMs: 5_000, run: door.closeLeftOpen },
    {
      name: 'spendings in doubt',
      everyMs: 5_000,
      async run() {
        const doubted = [...door.doubtedSpendings].slice(0, MAX_SETTLED);
        if (doubted.length === 0) return;
        // Commits are applied in the order of their calls: once this one is, so is what they are in doubt of.
        await commit([door.idempotencyRetention()]);
        await chargeDoubted(home, doubted, access.control.policyVersion());
        for (const spendId of doubted) door.doubtedSpendings.delete(spendId);
      },
    },
    commitTask('idempotency', 600_000, { statements: () => [door.idempotencyRetention()], commit }),
    commitTask('reviews', 3_600_000, { statements: () => [truth.reviewRetention()], commit }),
    commitTask('budget', 3_600_000, {
      statements: () => budget.retention(systemClock.nowMs(), home.config.audit.retention_days),
      commit,
    }),
    {
      name: 'audit retention',
      everyMs: 3_600_000,
      atStart: true,
      async run() {
        const statement = await access.auditRetention(systemClock.nowMs());
        if (statement === null) return;
        await commitAsSystem(
          { journal: journald.journal, store },
          {
            operation: 'system.audit-retention',
            requestId: ids.next(),
            policyVersion: access.control.policyVersion(),
            statements: [statement],
            event: {
              action: 'audit.pruned',
              subject: 'audit',
              data: { retention_days: home.config.audit.retention_days },
            },
            intentId: null,
          },
        );
      },
    },
    retentionTask('event retention', 'system.event-retention', observer.retention),
    retentionTask('review retention', 'system.review-retention', scrum.retention),
  ];
}

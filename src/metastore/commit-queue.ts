import type { Logger, Statement } from '../base/index.ts';
import { LakeError } from '../base/index.ts';
import { metastoreErrors } from './errors.ts';
import type { CommitOutcome } from './metastore.ts';
import { notKept, outcomeUnknown, unavailable } from './sqlite-error.ts';
import type { BatchAnswer, WriterAnswer, WriterQuestion } from './sqlite-writer.ts';

/** Bounds the time one group holds the store, and with it the wait of a batch that comes next. */
const GROUP_BATCHES_MAX = 512;
/** Beyond it the store is far behind its callers, who are told at once. */
const QUEUED_BATCHES_MAX = 10_000;

/**
 * Groups concurrent commits, first come first served: while one group is being made durable, those that arrive wait
 * and make the next. No delay is added; a lone commit goes at once.
 *
 *   idle ──commit──▶ sending ──answer──▶ idle, or sending the next group
 *                       │ a commit's time is up
 *                       ▼
 *                    stalled: queued and new commits are refused as unavailable ──answer──▶ idle
 */
export interface CommitQueue {
  commit(statements: readonly Statement[]): Promise<CommitOutcome>;
  /** Refuses new commits and waits for those under way, each within its time. */
  drain(): Promise<void>;
}

interface Entry {
  readonly statements: readonly Statement[];
  readonly resolve: (outcome: CommitOutcome) => void;
  readonly reject: (error: LakeError) => void;
  timer: NodeJS.Timeout | null;
  /** Answered, or its time was up. */
  settled: boolean;
}

export function createCommitQueue(parts: {
  readonly send: (group: WriterQuestion) => Promise<WriterAnswer>;
  readonly timeoutMs: number;
  readonly log: Logger;
}): CommitQueue {
  const { send, timeoutMs, log } = parts;
  let queued: Entry[] = [];
  let inFlight: readonly Entry[] = [];
  let scheduled = false;
  let stalled = false;
  let closed = false;
  let drained: (() => void) | null = null;

  function commit(statements: readonly Statement[]): Promise<CommitOutcome> {
    if (closed) return Promise.reject(unavailable('The metadata store is closed. Nothing was kept.'));
    if (stalled) return Promise.reject(unavailable('The metadata store does not answer. Nothing was kept.'));
    if (queued.length >= QUEUED_BATCHES_MAX) {
      return Promise.reject(unavailable('Too many changes wait for the metadata store. Nothing was kept.'));
    }
    return new Promise((resolve, reject) => {
      const entry: Entry = { statements, resolve, reject, timer: null, settled: false };
      entry.timer = setTimeout(timeUp, timeoutMs, entry);
      queued.push(entry);
      schedule();
    });
  }

  /** A turn later, so that callers of one turn share a group. */
  function schedule(): void {
    if (scheduled || inFlight.length > 0 || queued.length === 0) return;
    scheduled = true;
    queueMicrotask(() => {
      scheduled = false;
      void sendGroup();
    });
  }

  async function sendGroup(): Promise<void> {
    inFlight = queued.slice(0, GROUP_BATCHES_MAX);
    queued = queued.slice(GROUP_BATCHES_MAX);
    if (inFlight.length === 0) return;
    const group = inFlight;
    try {
      const answer = await send(group.map((entry) => entry.statements));
      if (stalled) log.warn('the metadata store answers again');
      if (answer.kind === 'failed') settleFailed(group, answer);
      else for (const [index, entry] of group.entries()) settle(entry, answer.batches[index]);
    } catch (error) {
      // The writer is gone; what it was doing may have become durable.
      log.fatal({ err: error }, 'the metadata store’s writer ended');
      for (const entry of group) fail(entry, outcomeUnknown(error));
    }
    stalled = false;
    inFlight = [];
    if (queued.length > 0) schedule();
    else drained?.();
  }

  function settle(entry: Entry, batch: BatchAnswer | undefined): void {
    if (batch?.kind === 'committed') {
      if (finish(entry)) entry.resolve({ committed: true, rows: batch.rows });
    } else if (batch?.kind === 'refused') {
      if (finish(entry)) entry.resolve({ committed: false, refusal: batch.refusal });
    } else {
      log.error({ reason: batch?.error.message }, 'the metadata store refused a statement');
      const detail = 'The metadata store refused a statement of this change. Nothing was kept.';
      fail(entry, new LakeError(metastoreErrors.statement_failed, { detail, cause: batch?.error }));
    }
  }

  function settleFailed(group: readonly Entry[], { kept, error }: WriterAnswer & { kind: 'failed' }): void {
    log.error({ reason: error.message, kept }, 'a group of commits failed');
    for (const entry of group) fail(entry, kept === 'no' ? notKept(error) : outcomeUnknown(error));
  }

  function timeUp(entry: Entry): void {
    if (inFlight.includes(entry)) {
      stalled = true;
      log.error({ timeoutMs }, 'the metadata store does not answer');
      fail(entry, outcomeUnknown());
      for (const waiting of queued)
        fail(waiting, unavailable('The metadata store does not answer. Nothing was kept.'));
      queued = [];
      return;
    }
    queued = queued.filter((other) => other !== entry);
    fail(entry, unavailable('The metadata store is busy. Nothing was kept.'));
  }

  return {
    commit,
    async drain() {
      closed = true;
      if (queued.length === 0 && (inFlight.length === 0 || stalled)) return;
      await new Promise<void>((resolve) => {
        drained = resolve;
        setTimeout(resolve, timeoutMs).unref();
      });
    },
  };
}

function fail(entry: Entry, error: LakeError): void {
  if (finish(entry)) entry.reject(error);
}

/** False where the entry was answered before. */
function finish(entry: Entry): boolean {
  if (entry.settled) return false;
  entry.settled = true;
  if (entry.timer !== null) clearTimeout(entry.timer);
  return true;
}

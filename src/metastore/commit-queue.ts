import type { Logger } from '../base/index.ts';
import { LakeError } from '../base/index.ts';
import { metastoreErrors } from './errors.ts';
import type { CommitOutcome } from './metastore.ts';
import { notKept, outcomeUnknown, threadEnded, unavailable } from './sqlite-error.ts';
import type { Batch, BatchAnswer, WriterAnswer } from './sqlite-writer.ts';

/** A turn with more goes as several messages, so that the writer works while the rest is still being made. */
const MESSAGE_BATCHES_MAX = 16;
/**
 * What a commit waits for others to go with it, while the process has no time left. Measured at 800 and 1,200 calls of a model a
 * second: with 4 ms the median call took 2.5 to 4 ms longer and the slowest hundredth no less, for 5 % more calls by 16 callers.
 */
const COMPANY_MS = 1;
/** Beyond it the store is far behind its callers, who are told at once. */
const WAITING_MAX = 10_000;

/**
 * Sends commits to the writer in the order of the calls; those of one turn of the event loop go as one message, and
 * the writer makes all messages that wait durable together. A lone commit goes when its turn ends. Sent
 * as each callback ended, sixteen callers' commits went one by one, each with its own wake-up and its own fsync. Where the
 * process has no time left, every caller waits for it anyway: a commit then waits a little for others to share the pages it
 * writes and the fsync, which cost more than the statements do. Measured with 16 callers of a model on one core: a tenth
 * to a fifth less processor time a call.
 *
 *   open ──a commit's time is up──▶ stalled: new commits are refused as unavailable ──any answer──▶ open
 *     └──drain, or the end of a thread of the store──▶ closed, with a reason
 */
export interface CommitQueue {
  commit(statements: Batch): Promise<CommitOutcome>;
  /** Refuses new commits for this reason from now on. */
  close(reason: LakeError): void;
  /** Refuses new commits and waits for those under way, each within its time. */
  drain(): Promise<void>;
}

interface Entry {
  readonly statements: Batch;
  readonly resolve: (outcome: CommitOutcome) => void;
  readonly reject: (error: LakeError) => void;
  /** Null once it was answered, or given up by the timer. */
  timer: NodeJS.Timeout | null;
}

export function createCommitQueue(parts: {
  readonly send: (batches: readonly Batch[]) => Promise<WriterAnswer>;
  /** Whether the process has no time left. */
  readonly isBusy: () => boolean;
  readonly timeoutMs: number;
  readonly log: Logger;
}): CommitQueue {
  const { send, isBusy, timeoutMs, log } = parts;
  let turn: Entry[] = [];
  /** Set while the commits of past turns wait for company. */
  let company: NodeJS.Timeout | null = null;
  /** How many entries wait. */
  let waiting = 0;
  let state: 'open' | 'stalled' = 'open';
  let closedBecause: LakeError | null = null;
  let onEmpty: (() => void) | null = null;

  function commit(statements: Batch): Promise<CommitOutcome> {
    if (closedBecause !== null) return Promise.reject(closedBecause);
    if (state === 'stalled') {
      return Promise.reject(unavailable('The metadata store does not answer. Nothing was kept.'));
    }
    if (waiting >= WAITING_MAX) {
      return Promise.reject(unavailable('Too many changes wait for the metadata store. Nothing was kept.'));
    }
    if (!statements.every(({ parameters }) => parameters.every(isStorable))) {
      return Promise.reject(
        statementFailed(
          'A statement of this change holds a value that the store cannot keep. Nothing was kept.',
        ),
      );
    }
    return new Promise((resolve, reject) => {
      const entry: Entry = { statements, resolve, reject, timer: null };
      entry.timer = setTimeout(timeUp, timeoutMs, entry);
      waiting += 1;
      if (turn.length === 0) setImmediate(endTurn);
      turn.push(entry);
      if (turn.length >= MESSAGE_BATCHES_MAX) void sendTurn();
    });
  }

  function endTurn(): void {
    if (turn.length > 0 && isBusy()) company ??= setTimeout(() => void sendTurn(), COMPANY_MS);
    else void sendTurn();
  }

  async function sendTurn(): Promise<void> {
    const entries = turn;
    if (company !== null) clearTimeout(company);
    company = null;
    if (entries.length === 0) return;
    turn = [];
    try {
      const answer = await send(entries.map((entry) => entry.statements));
      if (state === 'stalled') {
        state = 'open';
        log.warn('the metadata store answers again');
      }
      if (answer.kind === 'failed') settleFailed(entries, answer);
      else for (const [index, entry] of entries.entries()) settle(entry, answer.batches[index]);
    } catch (error) {
      // The writer is gone; what it was doing may have become durable. What comes next never reaches it.
      close(threadEnded('writer', error));
      for (const entry of entries) fail(entry, outcomeUnknown(error));
    }
    if (waiting === 0) onEmpty?.();
  }

  function settle(entry: Entry, batch: BatchAnswer | undefined): void {
    if (batch?.kind === 'committed') {
      if (finish(entry)) entry.resolve({ committed: true, rows: batch.rows });
    } else if (batch?.kind === 'refused') {
      if (finish(entry)) entry.resolve({ committed: false, refusal: batch.refusal });
    } else {
      log.error({ reason: batch?.error.message }, 'the metadata store refused a statement');
      const detail = 'The metadata store refused a statement of this change. Nothing was kept.';
      fail(entry, statementFailed(detail, batch?.error));
    }
  }

  function settleFailed(group: readonly Entry[], { kept, error }: WriterAnswer & { kind: 'failed' }): void {
    log.error({ reason: error.message, kept }, 'a group of commits failed');
    for (const entry of group) fail(entry, kept === 'no' ? notKept(error) : outcomeUnknown(error));
  }

  function timeUp(entry: Entry): void {
    if (state === 'open') state = 'stalled';
    log.error({ timeoutMs }, 'the metadata store does not answer');
    fail(entry, outcomeUnknown());
  }

  function fail(entry: Entry, error: LakeError): void {
    if (finish(entry)) entry.reject(error);
  }

  /** False where the entry was answered before. */
  function finish(entry: Entry): boolean {
    if (entry.timer === null) return false;
    clearTimeout(entry.timer);
    entry.timer = null;
    waiting -= 1;
    return true;
  }

  function close(reason: LakeError): void {
    closedBecause ??= reason;
  }

  return {
    commit,
    close,
    async drain() {
      close(unavailable('The metadata store is closed. Nothing was kept.'));
      if (waiting === 0) return;
      await new Promise<void>((resolve) => {
        onEmpty = resolve;
        setTimeout(resolve, timeoutMs).unref();
      });
    },
  };
}

/** Checked before it is sent: a value that cannot cross to the thread would take its neighbours along. */
export function isStorable(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (value === null || typeof value === 'string' || typeof value === 'bigint') return true;
  return typeof value === 'boolean' || value instanceof Uint8Array;
}

function statementFailed(detail: string, cause?: unknown): LakeError {
  return new LakeError(metastoreErrors.statement_failed, { detail, cause });
}

import { type Clock, type IdGenerator, isLakeError, type LakeError } from '../../base/index.ts';
import type { AccessControl, AuditClosing, AuditOpening } from '../../govern/access/index.ts';
import type { DatasetDemand, Demand } from '../../govern/scope/index.ts';
import type { Metastore } from '../../metastore/index.ts';
import { doorErrors } from '../errors.ts';
import { isUnknown } from '../unknown-outcome.ts';
import type { Authorised } from './authorise.ts';
import type { Identified } from './identify.ts';
import type { Judged, TruthMark } from './judge.ts';
import type { Validated } from './validate.ts';

class Audited {
  declare protected readonly evidence: 'audit';
  readonly judged: Judged;
  /** Null for a public operation, which holds no right, touches no data and answers while the store does not. */
  readonly auditId: string | null;
  readonly startedMs: number;
  #opening: Statements;
  #durable: Promise<void> = Promise.resolve();

  constructor(judged: Judged, auditId: string | null, startedMs: number, opening: Statements = []) {
    this.judged = judged;
    this.auditId = auditId;
    this.startedMs = startedMs;
    this.#opening = opening;
  }

  /** Told of the transaction that makes the row durable by itself, when that is under way. */
  opensWith(transaction: Promise<void>): void {
    this.#durable = transaction.then(() => this.opened());
    // Whoever waits for it is told; a run that fails first may never ask.
    this.#durable.catch(() => {});
  }

  /** Resolves once no transaction that opens the row is under way; rejects where that one failed. */
  durable(): Promise<void> {
    return this.#durable;
  }

  /** What opens the row, for the next transaction of this request; empty once it is durable. */
  opening(): Statements {
    return this.#opening;
  }

  /** Told when a transaction with `opening` is durable. */
  opened(): void {
    this.#opening = [];
  }
}

export type { Audited };

/** Writes audit rows: durable before a read answers, closed before its last byte, whole for a refusal or a mutation. */
export interface Auditor {
  /** Step 6 of a read. Durable when it returns; throws when it cannot be, so that nothing runs unrecorded. */
  open(judged: Judged, startedMs: number): Promise<Audited>;
  /** The same for a run that only reads: it returns at once, and `durable` of it is waited for before anything is answered. */
  openBeside(judged: Judged, startedMs: number): Audited;
  /**
   * The same for an operation that calls models: its row is opened in the transaction that holds the cost of the first
   * call, or closed whole where none is made.
   */
  openWithSpending(judged: Judged, startedMs: number): Audited;
  /** Closes the row in one transaction with what else is due at the end. */
  close(audited: Audited, result: AuditResult, due?: Statements): Promise<void>;
  /** Closes rows that may be open because a commit failed: see `doubted`. For the upkeep; throws where it fails, too. */
  closeLeftOpen(): Promise<void>;
  /** The two statements of a mutation's row, for its own transaction. */
  whole(
    judged: Judged,
    startedMs: number,
    marks: readonly TruthMark[] | null,
    result: Omit<AuditResult, 'truth'>,
  ): Statements;
  /** The row of a mutation that was done before under the same Idempotency-Key: nothing was read or changed. */
  replayed(request: Validated, startedMs: number): Promise<void>;
  /** The row of a request that access or truth refused, or whose work failed. */
  refused(refused: Refused, startedMs: number, error: unknown): Promise<void>;
}

type Statements = readonly ReturnType<AccessControl['auditOpened']>[];

export interface AuditResult {
  readonly status: AuditClosing['status'];
  readonly code: string | null;
  readonly rowCount: number | null;
  /** What truth said before and after; null where the operation declares no rules. */
  readonly truth: readonly TruthMark[] | null;
}

/** How far a refused request came. */
export interface Refused {
  readonly caller: Identified;
  /** Undefined where it was not valid. */
  readonly input: unknown;
  readonly demands: readonly Demand[];
  readonly grant: Authorised | null;
}

export function createAuditor(parts: {
  access: AccessControl;
  store: Metastore;
  clock: Clock;
  ids: IdGenerator;
}): Auditor {
  const { access, store, clock, ids } = parts;

  function opening(judged: Judged, marks: readonly TruthMark[] | null): AuditOpening {
    const { grant } = judged;
    return {
      ...heading(grant.resolution.request.caller, grant, grant.resolution.request.input),
      decision: 'allowed',
      code: null,
      datasets: grant.grants.flatMap(({ demand, authorisation }) => {
        if (demand.kind !== 'dataset') return [];
        const decision = authorisation?.decision;
        return [
          {
            ...datasetOf(demand),
            maskedFieldIds: masked(demand, decision?.masks),
            filtered: (decision?.rowFilters.length ?? 0) > 0,
          },
        ];
      }),
      truth: marks,
    };
  }

  function heading(caller: Identified, grant: Authorised | null, input: unknown) {
    const { call, operation, identity } = caller;
    return {
      auditId: ids.next(),
      requestId: call.requestId,
      timeMs: clock.nowMs(),
      identity,
      operation: operation.name,
      door: call.door,
      policyVersion: grant?.policyVersion ?? access.policyVersion(),
      statement: input === undefined ? null : (operation.auditStatement?.(input) ?? null),
    };
  }

  const closing = (auditId: string, startedMs: number, result: AuditResult) =>
    access.auditClosed({ auditId, ...result, latencyMs: clock.monotonicMs() - startedMs });

  /** What closes the rows of requests that are over and whose row may be open, by its id. */
  const leftOpen = new Map<string, Statements[number]>();

  /**
   * A commit that opens or closes a row failed, or did not answer in time and may still be applied: its request is refused
   * or its answer reset, and nobody would close the row any more. The store applies batches in the order of the calls, so that
   * a later commit that closes what is open then is right whatever became of this one.
   */
  function doubted(audited: { auditId: string; startedMs: number }, error: unknown): void {
    const { auditId, startedMs } = audited;
    // Of two commits that failed the first is what the caller was told.
    if (leftOpen.has(auditId)) return;
    const code = isLakeError(error) ? error.code : doorErrors.internal.code;
    const latencyMs = clock.monotonicMs() - startedMs;
    const failed = { status: 'failed', code, rowCount: null, latencyMs, truth: null } as const;
    leftOpen.set(auditId, access.auditClosedIfOpen({ auditId, ...failed }));
  }

  function unopened(judged: Judged, startedMs: number): Audited {
    const row = opening(judged, judged.marks);
    return new Audited(judged, row.auditId, startedMs, [access.auditOpened(row)]);
  }

  function openBeside(judged: Judged, startedMs: number): Audited {
    if (isPublic(judged.grant.resolution.request.caller)) return new Audited(judged, null, startedMs);
    const pending = unopened(judged, startedMs);
    pending.opensWith(recording(pending, pending.opening()));
    return pending;
  }

  async function commit(statements: Statements): Promise<void> {
    const outcome = await store.commit(statements);
    if (!outcome.committed) throw new Error(`an audit row was refused: ${outcome.refusal}`);
  }

  /** A commit that opens or closes the row; where it may leave an open one, upkeep looks after that. */
  async function recording(audited: Audited, statements: Statements): Promise<void> {
    const { auditId, startedMs } = audited;
    try {
      await commit(statements);
    } catch (error) {
      // Of a row whose opening was surely not kept there is nothing to close, and a store that is away refuses many.
      const mayBeOpen = audited.opening().length === 0 || isUnknown(error);
      if (auditId !== null && mayBeOpen) doubted({ auditId, startedMs }, error);
      throw error;
    }
  }

  return {
    async closeLeftOpen() {
      if (leftOpen.size === 0) return;
      const closings = [...leftOpen];
      await commit(closings.map(([, statement]) => statement));
      for (const [auditId] of closings) leftOpen.delete(auditId);
    },
    async open(judged, startedMs) {
      const audited = openBeside(judged, startedMs);
      await audited.durable();
      return audited;
    },
    openBeside,
    openWithSpending: unopened,
    async close(audited, result, due = []) {
      const { auditId, startedMs } = audited;
      if (auditId === null) return;
      // A row whose opening is under way is not opened twice; one whose opening failed is tried once more, whole.
      await audited.durable().catch(() => {});
      await recording(audited, [...audited.opening(), ...due, closing(auditId, startedMs, result)]);
      audited.opened();
    },
    whole(judged, startedMs, marks, result) {
      const row = opening(judged, marks);
      return [access.auditOpened(row), closing(row.auditId, startedMs, { ...result, truth: marks })];
    },
    async replayed({ caller, input }, startedMs) {
      const row = {
        ...heading(caller, null, input),
        decision: 'allowed',
        code: null,
        datasets: [],
        truth: null,
      } as const;
      const result = { status: 'ok', code: null, rowCount: null, truth: null } as const;
      await commit([access.auditOpened(row), closing(row.auditId, startedMs, result)]);
    },
    async refused({ caller, input, demands, grant }, startedMs, error) {
      if (isPublic(caller)) return;
      const code = isLakeError(error) ? error.code : doorErrors.internal.code;
      const blocked = isLakeError(error) && isTruthRefusal(error);
      const row: AuditOpening = {
        ...heading(caller, grant, input),
        decision: grant === null ? 'denied' : blocked ? 'blocked' : 'allowed',
        code,
        datasets: demands
          .filter((demand) => demand.kind === 'dataset')
          .map((demand) => ({ ...datasetOf(demand), maskedFieldIds: [], filtered: false })),
        truth: null,
      };
      await commit([
        access.auditOpened(row),
        closing(row.auditId, startedMs, { status: 'failed', code, rowCount: null, truth: marksOf(error) }),
      ]);
    },
  };
}

/** The rules that stopped a request, by name, where truth did. */
export function marksOf(error: unknown): readonly TruthMark[] | null {
  if (!isLakeError(error) || !isTruthRefusal(error)) return null;
  const { rules } = error.data;
  return Array.isArray(rules) ? rules : null;
}

/** Whether a truth rule stopped the request. */
export function isTruthRefusal({ code }: LakeError): boolean {
  return code === doorErrors.truth_blocked.code || code === doorErrors.review_required.code;
}

function isPublic(caller: Identified): boolean {
  return caller.operation.access.kind === 'public';
}

function datasetOf(demand: DatasetDemand) {
  return {
    datasetId: demand.facts?.datasetId ?? '',
    name: demand.name,
    action: demand.action,
    snapshotId: demand.snapshotId ?? null,
    fieldIds: demand.fieldIds ?? null,
  };
}

function masked(demand: DatasetDemand, masks: ReadonlyMap<number, unknown> | undefined): number[] {
  const touched = demand.fieldIds;
  return [...(masks?.keys() ?? [])].filter((fieldId) => touched === undefined || touched.includes(fieldId));
}

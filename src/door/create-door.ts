import { type Clock, type IdGenerator, isLakeError, LakeError, type Logger } from '../base/index.ts';
import type { AccessControl } from '../govern/access/index.ts';
import type { Budget } from '../govern/budget/index.ts';
import type { AnyOperation, Identity, Invocation } from '../govern/scope/index.ts';
import type { Truth } from '../govern/truth/index.ts';
import type { Journal } from '../lake/journald/index.ts';
import type { Metastore } from '../metastore/index.ts';
import type { Telemetry } from '../telemetry/index.ts';
import type { Answer, Call, Door } from './door.ts';
import { doorErrors } from './errors.ts';
import { createIdempotency, type Reservation } from './idempotency.ts';
import { beginLifetime } from './lifetime.ts';
import { createPurse } from './purse.ts';
import { createRegistry } from './registry.ts';
import { replay } from './replay.ts';
import { runMutation } from './run-mutation.ts';
import { runRead } from './run-read.ts';
import type { Rights } from './scope-parts.ts';
import type { Settle } from './settle-intents.ts';
import { type Audited, type Auditor, createAuditor, type Refused } from './steps/audit.ts';
import { authorise } from './steps/authorise.ts';
import { type Identified, identify, identifyNested } from './steps/identify.ts';
import { type Judged, judgeBefore } from './steps/judge.ts';
import { resolve } from './steps/resolve.ts';
import { validate } from './steps/validate.ts';
import { isUnknown } from './unknown-outcome.ts';

export interface DoorParts {
  readonly operations: readonly AnyOperation[];
  readonly access: AccessControl;
  readonly truth: Truth;
  readonly budget: Budget;
  readonly telemetry: Telemetry;
  readonly journal: Journal;
  readonly store: Metastore;
  /** Finds out what became of an announced effect whose request failed. */
  readonly settle: Settle;
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly log: Logger;
  readonly idempotencyRetentionMs: number;
}

/** The door, and the upkeep of what it remembers. */
export interface CreatedDoor {
  readonly door: Door;
  readonly idempotencyRetention: ReturnType<typeof createIdempotency>['retention'];
  readonly closeLeftOpen: Auditor['closeLeftOpen'];
  /** Ids of spendings that may be held for ever, since the store did not answer; upkeep takes out what it has settled. */
  readonly doubtedSpendings: Set<string>;
}

/**
 * identify → validate → resolve → authorise → truth → audit/journal → run. The order is held by types: each step's
 * result is made by that step alone and asked for by the next.
 */
export function createDoor(parts: DoorParts): CreatedDoor {
  const { access, truth, journal, store, clock, ids } = parts;
  const registry = createRegistry(parts.operations);
  const auditor = createAuditor({ access, store, clock, ids });
  const doubted = new Set<string>();
  const idempotency = createIdempotency({ store, clock, retentionMs: parts.idempotencyRetentionMs });

  async function pass(caller: Identified, log: Logger): Promise<Answer> {
    const startedMs = clock.monotonicMs();
    const { call, operation, identity } = caller;
    const lifetime = beginLifetime(access, identity, call.signal);
    const came: { -readonly [K in keyof Refused]: Refused[K] } = {
      caller,
      input: undefined,
      demands: [],
      grant: null,
    };
    const nested = nestedIn(caller, lifetime.signal);
    let streaming = false;
    let reservation: Reservation | null = null;
    try {
      const request = validate(caller);
      came.input = request.input;
      reservation = await idempotency.reserve(request);
      const remembered = reservation?.remembered;
      if (remembered) return await replay({ request, remembered, auditor, startedMs });
      const resolution = await resolve(request, lifetime.signal, log);
      came.demands = resolution.demands;
      const granted = authorise(access, resolution);
      came.grant = granted;
      const judged = judgeBefore(truth, granted);
      if (operation.kind === 'mutation') {
        const { settle } = parts;
        const shared = { auditor, journal, truth, store, settle, ids, lifetime, log, reservation };
        return await runMutation({ ...shared, judged, startedMs, rights: rightsOf(identity), nested });
      }
      const spends = operation.spends === true;
      const audited = await openRow(judged, startedMs);
      audited.durable().catch(lifetime.stop);
      const purse = spends ? createPurse({ ...parts, audited, doubted }) : null;
      streaming = true;
      return await runRead({
        ...{ audited, auditor, purse, truth, journal, clock, lifetime, log, nested },
        rights: rightsOf(identity),
      });
    } catch (error) {
      const reason = lifetime.reason() ?? error;
      // A read whose row was opened has closed it itself; everything else that was refused is recorded here.
      if (!streaming) await auditor.refused(came, startedMs, reason).catch(unlessUnknown(reason));
      throw reason;
    } finally {
      reservation?.release();
      if (!streaming) lifetime.end();
    }
  }

  /** Durable, but for what waits for it by itself: the hold of a model's cost, and the answer of a run that only reads. */
  function openRow(judged: Judged, startedMs: number): Audited | Promise<Audited> {
    const { operation } = judged.grant.resolution.request.caller;
    if (operation.kind === 'read' && operation.spends === true) {
      return auditor.openWithSpending(judged, startedMs);
    }
    if (operation.kind === 'read' && operation.onlyReads === true) {
      return auditor.openBeside(judged, startedMs);
    }
    return auditor.open(judged, startedMs);
  }

  function rightsOf(identity: Identity): Rights {
    return {
      authorise: (facts, action) => access.authoriseDataset(identity, facts, action),
      mayUseModel: (model) => access.mayUseModel(identity, model),
      mayUseTool: (roles) => access.mayUseTool(identity, roles),
      maskedTags: () => access.maskedTags(identity),
    };
  }

  /** Operations run within another: by the same identity, through every step, until that one's lifetime ends. */
  function nestedIn(outer: Identified, signal: AbortSignal): Invocation<unknown>['nested'] {
    return (name, input, content) => {
      const { call } = outer;
      const body = content ?? null;
      const inner = { ...call, operation: name, input, body, idempotencyKey: null, signal } as const;
      return guarded(inner, async (log) => {
        const operation = registry.get(name);
        return pass(identifyNested(outer, operation, { ...inner, door: 'internal' }), log);
      });
    };
  }

  function invoke(call: Call): Promise<Answer> {
    return guarded(call, async (log) =>
      pass(await identify(access, registry.get(call.operation), call), log),
    );
  }

  async function guarded(call: Call, run: (log: Logger) => Promise<Answer>): Promise<Answer> {
    const log = parts.log.child({ request_id: call.requestId, operation: call.operation });
    try {
      return await run(log);
    } catch (error) {
      if (isLakeError(error)) throw error;
      // Not logged here: whoever ends the request does, once.
      throw new LakeError(doorErrors.internal, {
        detail: 'The request failed by a defect of lakehouse; report it with the request id.',
        cause: error,
      });
    }
  }

  return {
    door: {
      operations: registry.operations,
      invoke,
    },
    idempotencyRetention: idempotency.retention,
    closeLeftOpen: auditor.closeLeftOpen,
    doubtedSpendings: doubted,
  };
}

/** A refusal that cannot be recorded is refused for that, but a change that may have been kept is never called unkept. */
function unlessUnknown(reason: unknown): (unrecorded: unknown) => never {
  return (unrecorded) => {
    throw isUnknown(reason) ? reason : unrecorded;
  };
}

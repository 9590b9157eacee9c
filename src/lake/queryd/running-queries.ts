import { type IdGenerator, LakeError, LiveList } from '../../base/index.ts';
import { type Identity, identityLabel } from '../../govern/scope/index.ts';
import { queryErrors } from './errors.ts';

/** What names a query: the id that its caller chose, or null, and the id of the request it runs within. */
export interface QueryNames {
  readonly chosenId: string | null;
  readonly requestId: string;
}

export interface RunningQuery {
  /** What the caller chose; else the request's id, or one of its own where that names another query of the caller. */
  readonly queryId: string;
  /** Aborted by a cancel. */
  readonly signal: AbortSignal;
  remove(): void;
}

/**
 * The queries that run now, so that they can be cancelled by their own id, or all of a request by the request's: a tool or a
 * report may run several. An id is a caller's own: two callers may use one.
 */
export interface RunningQueries {
  /** Throws `query.id_taken` for an id that was chosen while it names another query of the caller. */
  add(identity: Identity, names: QueryNames): RunningQuery;
  /** Cancels the caller's own queries of this id or request, or anyone's where `all`. Throws `query.not_found`. */
  cancel(identity: Identity, id: string, all: boolean): void;
}

interface Entry {
  readonly caller: string;
  readonly queryId: string;
  readonly requestId: string;
  readonly abort: AbortController;
}

export function createRunningQueries(ids: IdGenerator): RunningQueries {
  const running = new LiveList<Entry>();
  const named = (id: string) =>
    running
      .places()
      .map(({ member }) => member)
      .filter(({ queryId, requestId }) => queryId === id || requestId === id);
  const ofCaller = (caller: string, id: string) => named(id).filter((entry) => entry.caller === caller);
  return {
    add(identity, { chosenId, requestId }) {
      const caller = identityLabel(identity);
      const wanted = chosenId ?? requestId;
      const isTaken = ofCaller(caller, wanted).length > 0;
      if (isTaken && chosenId !== null) {
        throw new LakeError(queryErrors.id_taken, { detail: `Your query ${chosenId} is still running.` });
      }
      const queryId = isTaken ? ids.next() : wanted;
      const entry = { caller, queryId, requestId, abort: new AbortController() };
      const place = running.add(entry);
      return { queryId, signal: entry.abort.signal, remove: () => place.remove() };
    },
    cancel(identity, id, all) {
      const own = ofCaller(identityLabel(identity), id);
      const found = own.length === 0 && all ? named(id) : own;
      if (found.length === 0) {
        throw new LakeError(queryErrors.not_found, { detail: `No query ${id} of yours is running.` });
      }
      for (const { abort } of found) abort.abort();
    },
  };
}

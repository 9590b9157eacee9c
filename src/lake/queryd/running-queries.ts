import { LakeError } from '../../base/index.ts';
import { type Identity, identityLabel } from '../../govern/scope/index.ts';
import { queryErrors } from './errors.ts';

/** The queries that run now, so that they can be cancelled by id. An id is a caller's own: two callers may use one. */
export interface RunningQueries {
  /** Throws `query.id_taken`. */
  add(identity: Identity, queryId: string): { readonly signal: AbortSignal; remove(): void };
  /** Cancels the caller's own query of this id, or anyone's where `all`. Throws `query.not_found`. */
  cancel(identity: Identity, queryId: string, all: boolean): void;
}

export function createRunningQueries(): RunningQueries {
  const running = new Map<string, { readonly queryId: string; readonly abort: AbortController }>();
  const keyOf = (identity: Identity, queryId: string) => JSON.stringify([identityLabel(identity), queryId]);
  return {
    add(identity, queryId) {
      const key = keyOf(identity, queryId);
      if (running.has(key)) {
        throw new LakeError(queryErrors.id_taken, { detail: `Your query ${queryId} is still running.` });
      }
      const abort = new AbortController();
      running.set(key, { queryId, abort });
      return { signal: abort.signal, remove: () => running.delete(key) };
    },
    cancel(identity, queryId, all) {
      const own = running.get(keyOf(identity, queryId));
      const others = all ? [...running.values()].filter((entry) => entry.queryId === queryId) : [];
      const found = own === undefined ? others : [own];
      if (found.length === 0) {
        throw new LakeError(queryErrors.not_found, { detail: `No query ${queryId} of yours is running.` });
      }
      for (const { abort } of found) abort.abort();
    },
  };
}

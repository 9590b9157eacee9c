import { isDeepStrictEqual } from 'node:util';
import type { DuckdbInstance } from './duckdb-instance.ts';
import type { InstanceLock } from './protocol.ts';

/** An instance with the lock it was given, and how many leases it has served. */
export interface LockedInstance {
  readonly instance: DuckdbInstance;
  readonly lock: InstanceLock;
  readonly uses: number;
}

/** Keeps the instance of the last lease for a while, for its holder alone. */
export interface InstanceShelf {
  /** The kept instance where its lock equals this one in every member; null otherwise, and where the lock has no holder. */
  take(lock: InstanceLock): LockedInstance | null;
  /** Takes the place of what is kept. What has no holder, or served often enough, is closed. */
  put(used: LockedInstance): void;
}

/** An instance that leaks a little is thrown away before it shows. */
const USES_MAX = 64;
/** A holder who asks again asks soon; memory is not held for one who does not. */
const KEPT_MS = 5_000;

/**
 * One place is enough: a process serves one lease at a time, and the pool sends a holder to the process that served it last.
 */
export function createInstanceShelf(): InstanceShelf {
  let kept: LockedInstance | null = null;
  let timer: NodeJS.Timeout | undefined;
  const empty = (): LockedInstance | null => {
    const was = kept;
    clearTimeout(timer);
    kept = null;
    return was;
  };
  return {
    take(lock) {
      if (kept === null || lock.holder === null || !isDeepStrictEqual(kept.lock, lock)) return null;
      const was = empty();
      return was === null ? null : { ...was, uses: was.uses + 1 };
    },
    put(used) {
      if (used.lock.holder === null || used.uses >= USES_MAX) return used.instance.close();
      empty()?.instance.close();
      kept = used;
      timer = setTimeout(() => empty()?.instance.close(), KEPT_MS).unref();
    },
  };
}

import { LakeError } from '../base/index.ts';
import type { AnyOperation } from '../govern/scope/index.ts';
import { doorErrors } from './errors.ts';

/** The operations of this server by name. What is not in here cannot be run by any door. */
export interface Registry {
  readonly operations: readonly AnyOperation[];
  /** Throws `door.unknown_operation`. */
  get(name: string): AnyOperation;
}

/** Refuses two operations of one name and names that are not `<room>.<verb>`. */
export function createRegistry(operations: readonly AnyOperation[]): Registry {
  const byName = new Map<string, AnyOperation>();
  for (const operation of operations) {
    if (!/^[a-z]+(\.[a-z_-]+)+$/.test(operation.name)) throw new Error(`operation name ${operation.name}`);
    if (byName.has(operation.name)) throw new Error(`operation ${operation.name} is registered twice`);
    byName.set(operation.name, operation);
  }
  return {
    operations: [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    get(name) {
      const operation = byName.get(name);
      if (operation === undefined) {
        throw new LakeError(doorErrors.unknown_operation, { detail: 'This server has no such operation.' });
      }
      return operation;
    },
  };
}

import { createSecretKey } from 'node:crypto';
import type { Clock, IdGenerator, IdSource } from '../../base/index.ts';
import type { Config } from '../../config/index.ts';
import type { AnyOperation, HttpRoute, Identity } from '../../govern/scope/index.ts';
import type { Catalog } from '../catalogd/index.ts';
import type { EnginePool } from '../engine/index.ts';
import { queryCancelOperation } from './operations/query-cancel.ts';
import { querySqlOperation } from './operations/query-sql.ts';
import { queryRoutes } from './routes.ts';
import { createRunningQueries } from './running-queries.ts';

export interface QuerydParts {
  readonly engine: EnginePool;
  readonly catalog: Pick<Catalog, 'facts' | 'pin' | 'scan' | 'requireFiles'>;
  readonly config: Pick<Config, 'engine' | 'query'>;
  readonly clock: Clock;
  readonly random: IdSource;
  readonly ids: IdGenerator;
  /** The key of join-preserving hashes, at most 64 bytes; asked for at each query, so that it can rotate. */
  readonly maskKey: () => Uint8Array;
  /** Whether the caller may administer the system, and so cancel anyone's query. */
  readonly isAdministrator: (identity: Identity) => boolean;
}

export interface Queryd {
  readonly operations: readonly AnyOperation[];
  readonly routes: readonly HttpRoute[];
}

const NAME_KEY_BYTES = 32;

/** Wires the governed SQL of this room. */
export function createQueryd(parts: QuerydParts): Queryd {
  const running = createRunningQueries(parts.ids);
  const deps = {
    ...parts,
    limits: parts.config.query,
    running,
    nameKey: createSecretKey(parts.random(NAME_KEY_BYTES)),
  };
  return {
    operations: [querySqlOperation(deps), queryCancelOperation(deps)],
    routes: queryRoutes,
  };
}

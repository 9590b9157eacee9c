import type { Clock, IdGenerator, IdSource } from '../../base/index.ts';
import type { Config } from '../../config/index.ts';
import type { MetastoreReader } from '../../metastore/index.ts';
import type { AnyScope, DatasetFacts } from '../scope/index.ts';
import type { AccessState } from './access-state.ts';
import type { DecisionCache } from './decision-cache.ts';
import type { ExpressionParser } from './expression-parser.ts';

/** What access needs to know of datasets; the catalog, a floor above, is passed in as this. */
export interface DatasetDirectory {
  /** Every dataset, in the order of its name. */
  list(scope: AnyScope): Promise<readonly DatasetFacts[]>;
  /** By dotted name; null where there is none. */
  find(scope: AnyScope, name: string): Promise<DatasetFacts | null>;
}

/** What the operations of this room work with. */
export interface AccessParts {
  readonly reader: MetastoreReader;
  readonly state: AccessState;
  readonly cache: DecisionCache;
  readonly parser: ExpressionParser;
  /** The home directory, whose `keys/` holds the secrets. */
  readonly home: string;
  readonly config: Config;
  /** Dates what is stored. */
  readonly clock: Clock;
  /** Says what has ended. */
  readonly expiryClock: Clock;
  readonly random: IdSource;
  readonly ids: IdGenerator;
  /** Asked when needed: the catalog is made after this room. */
  readonly directory: () => DatasetDirectory;
}

/** ISO 8601 of a stored time; null stays null. */
export function isoTime(timeMs: number | null): string | null {
  return timeMs === null ? null : new Date(Number(timeMs)).toISOString();
}

import type { MetastoreReader } from '../../metastore/index.ts';
import type { PersonalDataFinder } from './answer-context.ts';
import type { CallDeps } from './call-model.ts';
import type { ContinuationLimits } from './generate-continuable.ts';

/** What the operations of this room share. */
export interface BridgeParts extends CallDeps {
  readonly reader: MetastoreReader;
  readonly personalData: PersonalDataFinder;
  readonly continuation: ContinuationLimits;
}

import type { MetastoreReader } from '../../metastore/index.ts';
import type { PersonalDataFinder } from './answer-context.ts';
import type { CallDeps } from './call-model.ts';
import type { Catalogue } from './catalogue/catalogue.ts';
import type { TokenEstimator } from './catalogue/token-estimate.ts';
import type { ContinuationLimits } from './generate-continuable.ts';
import type { ServedModels } from './served-models.ts';

/** What the operations of this room share. */
export interface BridgeParts extends CallDeps {
  readonly reader: MetastoreReader;
  readonly estimator: TokenEstimator;
  readonly catalogue: Catalogue;
  readonly served: ServedModels;
  readonly personalData: PersonalDataFinder;
  readonly continuation: ContinuationLimits;
}

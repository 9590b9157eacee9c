export type * from './catalog.ts';
export type { Catalogd, CatalogdParts } from './create-catalogd.ts';
export { createCatalogd } from './create-catalogd.ts';
export { requireDatasetName } from './dataset-name.ts';
export type { CopyStatistics, SingleValue } from './iceberg/index.ts';
export {
  dataFileOf,
  decodeSingleValue,
  duckdbFieldIds,
  duckdbTypeOf,
  icebergTypeOf,
  parsePrimitive,
} from './iceberg/index.ts';
export { wideDecimal } from './parquet-source.ts';
export type { PiiDetector, PiiFinding, SampledColumn } from './pii/index.ts';
export { createPiiDetector, personalDataInText } from './pii/index.ts';
export type { FoundTag, TagFindings } from './pii-tagging.ts';
export { findTags } from './pii-tagging.ts';

export type { CopyStatistics } from './column-statistics.ts';
export { dataFileOf } from './column-statistics.ts';
export { duckdbFieldIds, duckdbTypeOf, icebergTypeOf } from './duckdb-type.ts';
export { parsePrimitive } from './primitive-type.ts';
export type { SingleValue } from './single-value.ts';
export { decodeSingleValue } from './single-value.ts';

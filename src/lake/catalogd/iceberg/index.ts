export type { CopyStatistics } from './column-statistics.ts';
export { dataFileOf } from './column-statistics.ts';
export { duckdbFieldIds, duckdbTypeOf, icebergTypeOf } from './duckdb-type.ts';

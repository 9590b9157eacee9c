/** Rows of a row group where memory allows it. */
const MOST_ROWS = 61_440;
/** The engine hands rows over in vectors of this size; a smaller group would end with one all the same. */
const FEWEST_ROWS = 2_048;
/** What a value takes beside its own bytes while its row group is collected. */
const VALUE_BYTES = 24;
/** The engine sets so much aside for the dictionary of every text column that has few values, however small they are. */
const LARGEST_DICTIONARY = 1_048_576;
const SMALLEST_DICTIONARY = 4_096;

/**
 * Options of a COPY to Parquet under which its writer stays within the ingest's memory: it holds one row group
 * uncompressed, and a dictionary for each column. A quarter of the memory is for each of the two.
 */
export function rowGroupOptions(
  content: { readonly columns: number; readonly rows: number; readonly sizeBytes: number },
  memoryLimitMb: number,
): string {
  const quarter = (memoryLimitMb * 1_048_576) / 4;
  const rowBytes = content.sizeBytes / Math.max(1, content.rows) + VALUE_BYTES * content.columns;
  const rows = clamped(quarter / rowBytes, FEWEST_ROWS, MOST_ROWS);
  const dictionary = clamped(quarter / content.columns, SMALLEST_DICTIONARY, LARGEST_DICTIONARY);
  return `ROW_GROUP_SIZE ${rows}, STRING_DICTIONARY_PAGE_SIZE_LIMIT ${dictionary}`;
}

function clamped(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, Math.floor(value)));
}

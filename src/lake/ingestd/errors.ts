import { declareErrors } from '../../base/index.ts';

export const ingestErrors = declareErrors('ingest', {
  empty_file: {
    kind: 'unprocessable',
    title: 'The file is empty',
    remedy: 'Send a file with at least a header or one row.',
  },
  content_mismatch: {
    kind: 'unprocessable',
    title: 'The file is not what its name says',
    remedy: 'Give the file the extension of its content, or say the format with `format`.',
  },
  unsupported_format: {
    kind: 'unsupported',
    title: 'A format that cannot be ingested',
    remedy: 'Send CSV, TSV, NDJSON, a JSON array or Parquet; each may be compressed with gzip.',
  },
  invalid_text: {
    kind: 'unprocessable',
    title: 'The text is not valid UTF-8',
    remedy:
      'Convert the file to UTF-8 (`iconv -f LATIN1 -t UTF-8`); UTF-16 with a byte order mark is accepted too.',
  },
  unkept_value: {
    kind: 'unprocessable',
    title: 'A value would lose digits',
    remedy:
      'Write the column with microseconds (in pandas: `coerce_timestamps="us"`), or as text or a whole number, and send it again.',
  },
  corrupt_file: {
    kind: 'unprocessable',
    title: 'The file is damaged',
    remedy: 'Make the file again and send it whole.',
  },
  malformed_json: {
    kind: 'unprocessable',
    title: 'The JSON is not well-formed',
    remedy: 'Send one JSON object per line, or one array of objects.',
  },
  rejected_rows: {
    kind: 'unprocessable',
    title: 'Rows do not fit',
    remedy: 'Correct the lines that `errors` names, or set them aside with on_error=quarantine.',
  },
  all_rejected: {
    kind: 'unprocessable',
    title: 'No row fits',
    remedy: 'Check delimiter, header and format; every row was refused, so nothing was kept.',
  },
  invalid_columns: {
    kind: 'unprocessable',
    title: 'Column names that cannot be used',
    remedy: 'Give each column its own non-empty name without control characters, or send header=false.',
  },
  too_many_columns: {
    kind: 'too_large',
    title: 'Too many columns',
    remedy: 'Send fewer columns, or raise ingest.max_columns.',
  },
  too_many_rows: {
    kind: 'too_large',
    title: 'Too many rows',
    remedy: 'Send the rows in several files, or raise ingest.max_rows.',
  },
  row_too_long: {
    kind: 'too_large',
    title: 'A row is too long',
    remedy: 'Look for a quote that is never closed; or raise ingest.max_row_bytes.',
  },
  too_deep: {
    kind: 'too_large',
    title: 'The JSON is nested too deeply',
    remedy: 'Flatten the rows, or raise ingest.max_depth.',
  },
  expands_too_much: {
    kind: 'too_large',
    title: 'The compressed file expands too much',
    remedy: 'Send it uncompressed, or raise ingest.max_expansion or ingest.max_bytes.',
  },
  memory: {
    kind: 'unprocessable',
    title: 'The file needs more memory than an ingest may use',
    remedy: 'Send shorter rows or fewer columns, or raise ingest.memory_limit_mb.',
  },
  timeout: {
    kind: 'timeout',
    title: 'A step of the ingest ran out of time',
    remedy: 'Send the rows in several files, or raise ingest.timeout_ms.',
  },
  dataset_exists: {
    kind: 'conflict',
    title: 'The dataset is there already',
    remedy: 'Use mode=append or mode=replace, or another name.',
  },
  not_found: {
    kind: 'not_found',
    title: 'No such ingest',
    remedy: 'List ingests to see their ids; only those of datasets you may read are shown.',
  },
  nothing_rejected: {
    kind: 'not_found',
    title: 'The ingest rejected no row',
    remedy: 'Nothing to read: every row of that file is in the dataset.',
  },
});

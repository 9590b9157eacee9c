import { expect, it } from 'vitest';
import { wantedFormat } from './wanted-format.ts';

it.each([
  ['', 'json'],
  ['*/*', 'json'],
  ['text/html, application/xhtml+xml, */*;q=0.8', 'json'],
  ['application/json', 'json'],
  ['application/x-ndjson', 'ndjson'],
  ['text/csv', 'csv'],
  ['TEXT/CSV; charset=utf-8', 'csv'],
  ['application/vnd.apache.parquet', 'parquet'],
  ['text/csv, application/json', 'csv'],
  ['text/csv, */*', 'csv'],
  ['text/csv;q=0.5, application/json;q=0.9', 'json'],
  ['application/json;q=0.1, application/vnd.apache.parquet', 'parquet'],
  ['text/csv;q=0, application/x-ndjson;q=0.1', 'ndjson'],
  ['text/csv;q=wrong', 'csv'],
  ['text/*', 'csv'],
  ['text/*;q=0.2, application/*;q=0.1', 'csv'],
])('Accept: %s is answered with %s', (accept, format) => {
  expect(wantedFormat(accept)).toBe(format);
});

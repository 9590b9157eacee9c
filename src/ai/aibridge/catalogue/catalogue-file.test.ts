import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { catalogueHash, readCatalogue } from './catalogue-file.ts';

const SHIPPED = new URL('../../../../config/models.json', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'lakehouse-catalogue-'));
afterAll(() => rmSync(folder, { recursive: true }));

function written(text: string): string {
  const file = join(folder, 'models.json');
  writeFileSync(file, text);
  return file;
}

test('the shipped catalogue is what its hash says, dated, permissively licensed and small', () => {
  const file = readCatalogue(null);
  expect(catalogueHash(file)).toBe(file.sha256);
  expect(file.sources.map(({ license }) => license)).toEqual(['MIT', 'MIT']);
  expect(Object.keys(file.models).length).toBeGreaterThan(1_000);
  expect(statSync(SHIPPED).size).toBeLessThan(600_000);
});

test.each([
  ['a price', '"input":2.5', '"input":0.25'],
  ['a window', '"context_window":128000', '"context_window":1280000'],
  ['the date of a source', '"date":"2026', '"date":"2027'],
])('refuses a catalogue in which %s was changed by hand', (_what, from, to) => {
  const text = readFileSync(SHIPPED, 'utf8').replace(from, to);
  expect(() => readCatalogue(written(text))).toThrow(/not those that its sha256 is of/);
});

test.each([
  ['not JSON', '{', 'it is not JSON'],
  ['no catalogue', '[]', 'refused'],
  ['an unknown member', '{"sources": [], "sha256": "", "models": {}, "more": 1}', 'more'],
  [
    'an unknown capability',
    '{"sources": [], "sha256": "", "models": {"a/b": {"context_window": 1, "max_output_tokens": 1, "billing": "free", "capabilities": ["flying"]}}}',
    'models.a/b.capabilities.0',
  ],
  [
    'a negative price',
    '{"sources": [], "sha256": "", "models": {"a/b": {"context_window": 1, "max_output_tokens": 1, "billing": "metered", "prices_usd_per_million": {"input": -1, "output": 1}, "capabilities": ["chat"]}}}',
    'models.a/b.prices_usd_per_million.input',
  ],
  ['a name without a provider', '{"sources": [], "sha256": "", "models": {"b": {}}}', 'models.b'],
])('refuses %s', (_what, text, named) => {
  expect(() => readCatalogue(written(text))).toThrow(named);
});

test('says which key names a file that is not there, and no path of the machine', () => {
  const file = join(folder, 'absent.json');
  expect(() => readCatalogue(file)).toThrow(/absent\.json cannot be read.*models\.catalogue_file/);
  expect(() => readCatalogue(file)).not.toThrow(folder);
});

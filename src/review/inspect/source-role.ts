/** What a file is for: code that runs for users, code that tests it, or code that shows how it is used. */
export type SourceRole = 'production' | 'test' | 'example';

/** The role of a file, by the names that projects give such files and folders. */
export function sourceRoleOf(path: string): SourceRole {
  const parts = path.split('/');
  const name = parts.pop() ?? '';
  if (TEST_FILE.test(name) || parts.some(isTestFolder)) return 'test';
  return parts.some((part) => EXAMPLE_FOLDERS.has(part.toLowerCase())) ? 'example' : 'production';
}

function isTestFolder(part: string): boolean {
  return TEST_FOLDERS.has(part.toLowerCase()) || /^tests?_/.test(part);
}

/** `a.test.ts`, `a_spec.js`, `test-a.js`, `a.fixture.ts`, `a.test-d.ts`, `a_tests.rs`, `test_support.rs`, `test.js`. */
const TEST_FILE =
  /(?:[._-](?:test|spec|fixture|contract|mock|bench|stories|cy)(?:-d)?\.[cm]?[jt]sx?|_tests?\.rs|^test(?:_\w+|s|ing|utils?)\.rs|^(?:test|tests|conftest)\.\w+|^test-.*)$/i;

const TEST_FOLDERS: ReadonlySet<string> = new Set([
  ...['test', 'tests', '__tests__', 'spec', 'specs', '__mocks__', 'mocks', 'fixtures', '__fixtures__'],
  ...['e2e', 'testing', 'test-utils', 'testdata', 'cypress', 'playwright', '__snapshots__', 'dtslint'],
]);

const EXAMPLE_FOLDERS: ReadonlySet<string> = new Set([
  ...['example', 'examples', 'demo-apps', 'samples', 'playground', 'sandbox', 'docs', 'benchmark'],
  ...['benchmarks', 'benches', 'website'],
]);

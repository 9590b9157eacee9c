// `npm run check`: format and lint, types, our own reviewers, architecture and documents, then every test. Runs all of them, says what
// it is at, prints what failed, and ends with a table.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const FROM_ROOT_OF_SOURCES = ['test/architecture.test.ts', 'test/config.test.ts', 'test/docs.test.ts'];
const VITEST = 'node_modules/vitest/vitest.mjs';

interface Step {
  readonly name: string;
  /** A script of node_modules and its arguments, run by this Node.js. */
  readonly command: readonly string[];
}

const STEPS: readonly Step[] = [
  { name: 'format and lint', command: ['node_modules/@biomejs/biome/bin/biome', 'check', '.'] },
  { name: 'types', command: ['node_modules/typescript/bin/tsc', '--noEmit'] },
  { name: 'review', command: ['src/cli/lakehouse.ts', 'review', '.', '--all', '--fail-on', 'note'] },
  { name: 'architecture and documents', command: [VITEST, 'run', ...FROM_ROOT_OF_SOURCES] },
  {
    name: 'tests',
    command: [VITEST, 'run', ...FROM_ROOT_OF_SOURCES.flatMap((file) => ['--exclude', file])],
  },
];

const results = STEPS.map(({ name, command }, at) => {
  console.log(`${at + 1} of ${STEPS.length}: ${name}${name === 'tests' ? ', which take half an hour' : ''}`);
  const startedMs = performance.now();
  const done = spawnSync(process.execPath, [...command], { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 28 });
  const passed = done.status === 0;
  if (!passed) process.stdout.write(`\n--- ${name} ---\n${done.stdout}${done.stderr}\n`);
  // What `scripts/summary-reporter.ts` ends a run of tests with.
  const counts = done.stdout.match(/\d+ passed, \d+ failed, \d+ skipped/g)?.at(-1) ?? '';
  return { name, passed, counts, seconds: (performance.now() - startedMs) / 1000 };
});

for (const { name, passed, counts, seconds } of results) {
  const line = `${passed ? 'ok    ' : 'FAILED'}  ${name.padEnd(28)} ${seconds.toFixed(1).padStart(6)} s  ${counts}`;
  console.log(line.trimEnd());
}
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;

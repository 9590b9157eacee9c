import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { mutants } from './mutants.ts';
import { runProbes } from './run-probes.ts';

/** Everything that answers without a key. A new one is added here on purpose or not at all. */
const PUBLIC = ['system.health', 'system.openapi', 'system.ready'];

test('every operation holds at every step, by HTTP and by MCP', async () => {
  const { operations, probes } = await runProbes();
  const open = operations
    .filter((operation) => operation.access === 'public')
    .map((operation) => operation.name);
  expect(open.sort()).toEqual(PUBLIC);
  const steps = Map.groupBy(probes, (probe) => probe.operation);
  for (const [operation, cells] of steps) {
    console.log(
      `${operation.padEnd(38)} ${cells.map((cell) => `${cell.holds ? '✓' : '✗'} ${cell.step}`).join('  ')}`,
    );
  }
  console.log(`${operations.length} operations, ${probes.length} probes`);
  expect(probes.filter((probe) => !probe.holds)).toEqual([]);
  expect(probes.length).toBeGreaterThan(operations.length * 5);
}, 300_000);

describe('a step taken out of the source is caught', () => {
  const child = fileURLToPath(new URL('./mutant-child.ts', import.meta.url));
  const hook = new URL('./mutate-hook.ts', import.meta.url).href;
  test.each(mutants.map(({ step, caughtBy }, index) => ({ step, caughtBy, index })))(
    '$step',
    async ({ caughtBy, index }) => {
      const { stdout } = await promisify(execFile)(process.execPath, ['--import', hook, child], {
        env: { ...process.env, MUTANT: String(index) },
        maxBuffer: 16_777_216,
      });
      const seen = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}');
      // A server that cannot even start is caught too, but says nothing about the step: it must be the step's probe.
      expect(seen, stdout).toMatchObject({ applied: true });
      expect(seen.caught, stdout).toContain(caughtBy);
    },
    300_000,
  );
});

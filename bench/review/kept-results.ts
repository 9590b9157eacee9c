import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../results/', import.meta.url));

/** Which machine measures. */
export const MACHINE = `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} cores, Node.js ${process.versions.node}`;

/**
 * Keeps what one part came to in bench/results/review-<today>.json, beside the other parts of the newest file there is:
 * parts may be measured apart, and `measured` says when, at which commit and at which load each was.
 */
export function keepPart(part: string, result: unknown): void {
  mkdirSync(FOLDER, { recursive: true });
  const date = new Date().toISOString().slice(0, 10);
  const newest = readdirSync(FOLDER)
    .filter((name) => /^review-\d{4}-\d{2}-\d{2}\.json$/.test(name))
    .sort()
    .pop();
  // A file of before parts were measured apart has one machine for all of them.
  const {
    date: earlier,
    machine,
    measured,
    ...parts
  } = newest === undefined ? {} : JSON.parse(readFileSync(join(FOLDER, newest), 'utf8'));
  const asOne = Object.fromEntries(Object.keys(parts).map((each) => [each, { date: earlier, machine }]));
  const [load = 0] = loadavg();
  const now = { date, machine: MACHINE, commit: commitOfSources(), load };
  const kept = { date, measured: { ...asOne, ...measured, [part]: now }, ...parts, [part]: result };
  writeFileSync(join(FOLDER, `review-${date}.json`), `${JSON.stringify(kept, null, 2)}\n`);
}

function commitOfSources(): string {
  const git = (...command: readonly string[]) => execFileSync('git', command, { encoding: 'utf8' }).trim();
  const isChanged = git('status', '--porcelain', '--', 'src', 'bench/review') !== '';
  return `${git('rev-parse', '--short=10', 'HEAD')}${isChanged ? ', with changes' : ''}`;
}

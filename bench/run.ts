// `npm run bench`: runs every bench file, prints one table, writes bench/results/<date>.json and the table between the
// marks of README.md. `npm run bench -- http ndjson` runs the files whose names hold one of the words, and `--part memory`
// one part of a file that has parts; both write nothing.
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { BenchModule, BenchRow } from './bench-row.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const MARKS = /(<!-- bench:start -->\n)[\s\S]*?(<!-- bench:end -->)/;

const { positionals: words, values: options } = parseArgs({
  allowPositionals: true,
  options: { part: { type: 'string' } },
});
const isWhole = words.length === 0 && options.part === undefined;
const files = globSync('bench/*.ts', { cwd: ROOT })
  .filter((file) => basename(file) !== 'run.ts')
  .filter((file) => words.length === 0 || words.some((word) => basename(file).includes(word)))
  .sort();

const rows: BenchRow[] = [];
const failures: string[] = [];
let started = 0;
for (const file of files) {
  const bench: BenchModule = await import(new URL(`../${file}`, import.meta.url).href);
  for (const [name, run] of partsOf(bench)) await runPart(name === '' ? file : `${file}, ${name}`, run);
}
if (started === 0) failures.push('nothing has this name');

const machine = `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} cores, ${Math.round(totalmem() / 1e9)} GB, Node.js ${process.versions.node}`;
console.log(`\n${table(rows)}\n\n${machine}`);
for (const failure of failures) console.error(`FAILED ${failure}`);
if (isWhole && failures.length === 0) record();
process.exitCode = failures.length === 0 ? 0 : 1;

/** What is to run of a file, by name; the whole of it has none. */
function partsOf({
  run,
  parts = {},
}: BenchModule): readonly (readonly [string, () => Promise<readonly BenchRow[]>])[] {
  const all = [...Object.entries(parts), ...(run === undefined ? [] : [['', run] as const])];
  return options.part === undefined ? all : all.filter(([name]) => name === options.part);
}

/** One that fails, or that is cut off, takes no row of the others with it: each is printed when it ends. */
async function runPart(name: string, run: () => Promise<readonly BenchRow[]>): Promise<void> {
  started += 1;
  console.error(`running ${name} …`);
  try {
    for (const row of await run()) {
      rows.push(row);
      console.error(`  ${row.name}: ${figure(row.ours, row)} beside ${figure(row.peer, row)}`);
    }
  } catch (error) {
    failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function table(all: readonly BenchRow[]): string {
  const cells = [
    ['what', 'ours', 'peer or limit', 'ratio', 'target'],
    ['---', '---:', '---:', '---:', '---'],
    ...all.map((row) => [
      row.name,
      figure(row.ours, row),
      figure(row.peer, row),
      `${row.ratio.toFixed(2)}×`,
      row.target,
    ]),
  ];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  return cells
    .map((line) => `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`)
    .join('\n');
}

function figure(value: number, row: BenchRow): string {
  const text = value >= 1000 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3);
  return row.unit === undefined ? text : `${text} ${row.unit}`;
}

function record(): void {
  const date = new Date().toISOString().slice(0, 10);
  const folder = join(ROOT, 'bench/results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${date}.json`), `${JSON.stringify({ date, machine, rows }, null, 2)}\n`);
  const readme = join(ROOT, 'README.md');
  const text = readFileSync(readme, 'utf8');
  writeFileSync(readme, text.replace(MARKS, `$1\n${table(rows)}\n\n${machine}, ${date}\n\n$2`));
}

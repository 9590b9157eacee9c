import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ScrumRepository, scrumRepository } from '../../src/cli/scrum/scrum-repository.fixture.ts';
import { KNOWLEDGE_DATASETS, readKnowledgeLines, storedRow } from '../../src/review/knowledge/index.ts';
import { lakehouse } from '../harness/command-line.ts';
import { type ScrumServer, startScrumServer } from '../scrum/scrum-server.ts';
import { reviewBy } from './reviewing-model.ts';

// iterations that were run at different places may have one number, and are still two.

let lake: ScrumServer;
let repository: ScrumRepository;
let folder: string;
/** The rows of this server's second iteration, as another one would have them: other ids, scores and claims. */
let foreign: string;

const command = (...args: string[]) =>
  lakehouse([...args, '--url', lake.server.url], {
    environment: { LAKEHOUSE_API_KEY: lake.server.adminKey, PATH: process.env.PATH ?? '' },
  });
const scrum = async (...args: string[]) =>
  (await command('scrum', ...args, '--repository', 'team/service', '--json')).json;

beforeAll(async () => {
  lake = await startScrumServer();
  folder = mkdtempSync(join(tmpdir(), 'lakehouse-overlap-'));
  repository = scrumRepository();
  reviewBy(lake.upstream, ({ text }) => ({
    score: text.includes('= 2') ? 6 : 4,
    failures: [{ kind: 'no-effect', symbol: '', line: 1, claim: 'It has no effect.' }],
  }));
  for (const value of [1, 2]) {
    repository.commit({ 'src/a.ts': `export const a = ${value};\n` });
    expect((await command('scrum', 'run', repository.folder)).exitCode).toBe(0);
  }
  const exported = await command('kb', 'export');
  const lines = exported.stdout.split('\n').filter((line) => line !== '');
  const rows = lines.map((line) => JSON.parse(line)).filter(({ iteration }) => iteration === 2);
  foreign = join(folder, 'elsewhere.jsonl');
  const elsewhere = rows.map((row) => ({
    ...row,
    iteration_id: 'elsewhere',
    ...(row.dataset === 'kb.reviews'
      ? { row_id: `elsewhere ${row.row_id}`, scores: [1], score: 1, recorded_at: '2999-01-01T00:00:00.000Z' }
      : {
          finding_id: 'elsewhere',
          claim: 'It was told of elsewhere.',
          state: 'new',
          rule: 'scrum/elsewhere',
        }),
  }));
  writeFileSync(foreign, elsewhere.map((row) => `${JSON.stringify(row)}\n`).join(''));
}, 120_000);
afterAll(async () => {
  await lake.close();
  repository.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** What report, diff and plan say of the second iteration, but for the time-bound. */
async function told() {
  const report = await scrum('report', '2');
  const { movement } = await scrum('diff', '1', '2');
  const { wave } = await scrum('plan', '2');
  return {
    metrics: report.metrics,
    movement: report.movement,
    gradient: report.gradient,
    diff: movement,
    wave,
  };
}

test('an import of numbers that are taken is refused whole, and says what to do', async () => {
  const { exitCode, stderr } = await command('kb', 'import', foreign);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('Nothing is added: number 2 of team/service would be two iterations each.');
  expect(stderr).toContain('--renumber');
  const sql = "SELECT count(*) AS rows FROM kb.reviews WHERE iteration_id = 'elsewhere'";
  expect((await command('sql', sql, '--json')).json.rows).toEqual([{ rows: 0 }]);
});

test('rows of the same number that come by another way change nothing of what is told of an iteration', async () => {
  const before = await told();
  expect(before.movement).toMatchObject({ paired: [{ from_score: 4, to_score: 6 }], unpaired: [] });
  const { reviews, findings, problems } = readKnowledgeLines(readFileSync(foreign, 'utf8'), '');
  expect(problems).toEqual([]);
  const ingest = async (kind: 'reviews' | 'findings', rows: readonly string[]) => {
    const path = `/ingest/file?dataset=${KNOWLEDGE_DATASETS[kind].name}&mode=append&file_name=f.ndjson`;
    const headers = { 'content-type': 'application/x-ndjson' };
    expect((await lake.server.api('POST', path, { body: rows.join(''), headers })).status).toBe(201);
  };
  const other = { iteration_id: 'by another way' };
  await ingest(
    'reviews',
    reviews.map((row) => `${JSON.stringify(storedRow<'reviews'>({ ...row, ...other }))}\n`),
  );
  await ingest(
    'findings',
    findings.map((row) => `${JSON.stringify(storedRow<'findings'>({ ...row, ...other }))}\n`),
  );
  expect(await told()).toEqual(before);
});

test('numbered anew they come after all that are there, once, and are history of the next iteration', async () => {
  const added = { written: { reviews: 1, findings: 1, attempts: 0 }, problems: [] };
  expect((await command('kb', 'import', foreign, '--renumber', '--json')).json).toMatchObject(added);
  for (const more of [[], ['--renumber']]) {
    const again = await command('kb', 'import', foreign, ...more, '--json');
    expect(again.json).toMatchObject({ written: { reviews: 0, findings: 0, attempts: 0 }, present: 2 });
  }
  const sql = "SELECT iteration FROM kb.reviews WHERE iteration_id = 'elsewhere'";
  expect((await command('sql', sql, '--json')).json.rows).toEqual([{ iteration: 3 }]);
  repository.commit({ 'src/a.ts': 'export const a = 3;\n' });
  await command('scrum', 'run', repository.folder);
  const report = await scrum('report', 'latest');
  expect(report).toMatchObject({
    iteration: { number: 4 },
    compared_with: { number: 2 },
    movement: { from: 2, to: 4, paired: [{ from_score: 6, to_score: 4 }] },
  });
}, 60_000);

import { afterAll, beforeAll, expect, test } from 'vitest';
import { KNOWLEDGE_DATASETS, readKnowledgeLines, storedRow } from '../../src/review/knowledge/index.ts';
import {
  ANSWER,
  finish,
  NO_SUGGESTIONS,
  packed,
  rowsOf,
  type ScrumServer,
  says,
  sendFile,
  start,
  startScrumServer,
} from './scrum-server.ts';

// what was known elsewhere is history here: its findings are open, and numbers go on after its.

let lake: ScrumServer;
beforeAll(async () => {
  lake = await startScrumServer();
});
afterAll(() => lake.close());

const REPOSITORY = 'team/moved';
const FILE = packed('src/guard.ts', 'export const guard = () => check();\n');
const finding = (claim: string, more: Record<string, unknown> = {}) =>
  JSON.stringify({
    file: FILE.path,
    finding: claim,
    severity: 'high',
    function: 'guard',
    phase: 24,
    ...more,
  });

/** Findings of another program, put into the dataset by an ingest. */
async function importFindings(lines: readonly string[], iterationId?: string): Promise<void> {
  const { findings, problems } = readKnowledgeLines(lines.join('\n'), REPOSITORY);
  expect(problems).toEqual([]);
  const { name, columns } = KNOWLEDGE_DATASETS.findings;
  await lake.server.api('POST', '/catalog/datasets', { json: { name, columns } });
  const answer = await lake.server.api(
    'POST',
    `/ingest/file?dataset=${name}&mode=append&file_name=f.ndjson`,
    {
      body: findings
        .map((row) => ({ ...row, iteration_id: iterationId ?? row.iteration_id }))
        .map((row) => `${JSON.stringify(storedRow<'findings'>(row))}\n`)
        .join(''),
      headers: { 'content-type': 'application/x-ndjson' },
    },
  );
  expect(answer.status).toBe(201);
}

test('an imported finding is open when an iteration starts, and recurs when it is told of again', async () => {
  const claim = ANSWER.critical_failures[0]?.claim ?? '';
  await importFindings([
    finding(claim, { category: 'ignored-result', line: 1 }),
    finding('The key is never checked.', { phase: 7, category: 'no-check' }),
  ]);
  const begun = (await start(lake, [FILE], { repository: REPOSITORY })).json;
  expect(begun.number).toBe(25);
  expect(begun.findings.map((one: { claim: string }) => one.claim)).toEqual(
    expect.arrayContaining([expect.stringMatching(/result of the check/i)]),
  );
  lake.upstream.answerBy(({ body }) =>
    JSON.stringify(body).includes('<<<findings') ? NO_SUGGESTIONS : says(ANSWER),
  );
  const sent = await sendFile(lake, begun.iteration_id, FILE);
  expect(sent.json.findings).toMatchObject([{ rule: 'scrum/ignored-result', state: 'recurring' }]);
  expect((await finish(lake, begun.iteration_id)).json).toMatchObject({ number: 25, findings: 1 });
  const sql = `SELECT iteration, state FROM kb.findings WHERE repository = '${REPOSITORY}' AND rule = 'scrum/ignored-result' ORDER BY iteration`;
  expect(await rowsOf(lake, sql)).toEqual([
    { iteration: 24, state: 'new' },
    { iteration: 25, state: 'recurring' },
  ]);
  const next = (await start(lake, [FILE], { repository: REPOSITORY })).json;
  expect(next.number).toBe(26);
});

test('what an iteration of this server published before it ended is no history', async () => {
  const repository = 'team/half-published';
  const begun = (await start(lake, [FILE], { repository })).json;
  await importFindings([finding('Half published.', { repository })], begun.iteration_id);
  const other = (await start(lake, [FILE], { repository, prompt: 'forensic' })).json;
  expect(other).toMatchObject({ number: 2, findings: [], continued: false });
});

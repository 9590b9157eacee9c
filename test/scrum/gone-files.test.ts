import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { sha256Hex } from '../../src/base/index.ts';
import {
  ANSWER,
  COMMIT,
  finish,
  NO_SUGGESTIONS,
  type Packed,
  packed,
  rowsOf,
  type ScrumServer,
  says,
  sendFile,
  start,
  startScrumServer,
} from './scrum-server.ts';

// what became of findings whose files the commit no longer holds.

let lake: ScrumServer;
let repository: string;
let runs = 0;
beforeAll(async () => {
  lake = await startScrumServer();
});
beforeEach(async () => {
  repository = `team/gone-${++runs}`;
  lake.upstream.answerBy(({ body }) =>
    JSON.stringify(body).includes('<<<findings') ? NO_SUGGESTIONS : says(ANSWER),
  );
  await iteration([OLD, OTHER]);
});
afterAll(() => lake.close());

const OLD = packed('src/old.ts', 'export const guard = () => check();\n');
const OTHER = packed('src/other.ts', 'export const guard = () => other();\n');
const NEXT = COMMIT.replaceAll('a', 'b');

/** An iteration over these files, of which others are named as gone before it is finished. */
async function iteration(files: readonly Packed[], gone: readonly string[] = [], commit = COMMIT) {
  const begun = (await start(lake, files, { repository, commit })).json;
  if (gone.length > 0)
    expect((await nameGone(begun.iteration_id, gone, commit)).json).toMatchObject({ paths: gone.length });
  const reusable = new Set(begun.reusable.map(({ path }: { path: string }) => path));
  for (const file of files) if (!reusable.has(file.path)) await sendFile(lake, begun.iteration_id, file);
  expect((await finish(lake, begun.iteration_id)).status).toBe(200);
  return begun.iteration_id as string;
}

function nameGone(id: string, paths: readonly string[], commit = COMMIT) {
  return lake.server.api('POST', `/scrum/iterations/${id}/gone`, { json: { commit, paths } });
}

async function statesOf(path: string) {
  const sql = `SELECT iteration, state, closed_by_commit FROM kb.findings WHERE repository = '${repository}' AND path = '${path}' ORDER BY iteration`;
  return rowsOf(lake, sql);
}

test('a finding whose file is gone ends at the commit, leaves the queue, and report and plan name it', async () => {
  const id = await iteration([OTHER], [OLD.path], NEXT);
  expect(await statesOf(OLD.path)).toEqual([
    { iteration: 1, state: 'new', closed_by_commit: null },
    { iteration: 2, state: 'gone', closed_by_commit: NEXT },
  ]);
  const gone = [{ path: OLD.path, commit: NEXT, rule: 'scrum/ignored-result' }];
  const { json: report } = await lake.server.api('GET', `/scrum/iterations/${id}/report`);
  expect(report.gone).toMatchObject(gone);
  expect(report.metrics).toContainEqual(
    expect.objectContaining({ name: 'findings gone with their file', value: 1, denominator: 2 }),
  );
  const { json: plan } = await lake.server.api('GET', `/scrum/iterations/${id}/plan`);
  expect(plan.wave.gone).toMatchObject(gone);
  expect([...plan.wave.findings, ...plan.wave.out_of_scope].map(({ path }) => path)).not.toContain(OLD.path);
  // It is open no more, and nothing ends twice.
  const third = (await start(lake, [OTHER], { repository, commit: NEXT })).json;
  expect(third.findings.map(({ path }: { path: string }) => path)).toEqual([OTHER.path]);
});

test('a file that is not reviewed this time is not gone: its findings stay open', async () => {
  await iteration([OTHER]);
  expect(await statesOf(OLD.path)).toHaveLength(1);
  const next = (await start(lake, [OTHER], { repository })).json;
  expect(next.findings.map(({ path }: { path: string }) => path).sort()).toEqual([OLD.path, OTHER.path]);
});

test('a finding whose code stands in another file stays open, and one told of there goes on under its id', async () => {
  const begun = (await start(lake, [OTHER], { repository, commit: NEXT })).json;
  const id = begun.iteration_id;
  await nameGone(id, [OLD.path], NEXT);
  const moved = begun.findings.find(({ path }: { path: string }) => path === OLD.path);
  const anchors = [{ finding_id: moved.finding_id, anchor_sha256: moved.anchor_hash, check: null }];
  await sendFile(lake, id, OTHER, { anchors });
  await finish(lake, id);
  expect(await statesOf(OLD.path)).toHaveLength(1);

  const renamed = packed('src/renamed.ts', OLD.chunks[0]?.text ?? '');
  await iteration([OTHER, renamed], [OLD.path], NEXT);
  const sql = `SELECT path, state FROM kb.findings WHERE finding_id = '${moved.finding_id}' ORDER BY iteration`;
  expect(await rowsOf(lake, sql)).toEqual([
    { path: OLD.path, state: 'new' },
    { path: renamed.path, state: 'recurring' },
  ]);
});

test('files of the iteration are not gone, nor is anything of another commit or of an iteration that ended', async () => {
  const first = (await start(lake, [OTHER], { repository })).json.iteration_id;
  expect((await nameGone(first, [OTHER.path])).json).toMatchObject({
    status: 409,
    code: 'scrum.file_not_gone',
  });
  expect((await nameGone(first, [OLD.path], NEXT)).json).toMatchObject({ code: 'scrum.file_not_gone' });
  const named = await nameGone(first, [OLD.path]);
  expect(named.json.journal_event_id).not.toBeNull();
  expect((await nameGone(first, [OLD.path])).json).toMatchObject({ paths: 1, journal_event_id: null });
  // Another commit may hold it again.
  const restored = { ...OLD, chunks: [{ text: `${OLD.chunks[0]?.text}// back\n`, first_line: 1 }] };
  expect((await start(lake, [OTHER, restored], { repository, commit: NEXT })).json.continued).toBe(true);
  await sendFile(lake, first, restored);
  await finish(lake, first);
  expect((await statesOf(OLD.path)).map(({ state }) => state)).toEqual(['new', 'recurring']);
  expect((await nameGone(first, [OLD.path])).json).toMatchObject({ code: 'scrum.iteration_closed' });
  const { key } = await lake.server.key('analyst');
  const refused = await lake.server.api('POST', `/scrum/iterations/${first}/gone`, {
    key,
    json: { commit: sha256Hex('x'), paths: [] },
  });
  expect(refused.status).toBe(403);
});

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sha256Hex } from '../../src/base/index.ts';
import { packedSha256 } from '../../src/review/scrum/index.ts';
import type { TestServer } from '../harness/server.ts';
import type { Fixture, Sample } from './samples.ts';

const get = (path: string): Sample => ({ method: 'GET', path, options: {} });
const post = (path: string, json: unknown): Sample => ({ method: 'POST', path, options: { json } });

const FILE = {
  path: 'src/one.ts',
  language: 'typescript',
  chunks: [{ text: 'export const one = 1;\n', first_line: 1 }],
  neighbours: [],
};
const ITERATION = '/scrum/iterations';
const CALIBRATIONS = '/scrum/calibrations';
const PROPOSAL = 'Let one be two.';

/** Requests that reach the review loop; the scripted provider's plain answer is no review, and makes no verdict. */
export const scrumSamples: Readonly<Record<string, (fixture: Fixture) => Sample | Promise<Sample>>> = {
  'scrum.start': () => post(ITERATION, startOf()),
  'scrum.review-file': async ({ server }) =>
    post(`${ITERATION}/${await started(server, randomUUID(), PROPOSAL)}/files`, {
      ...FILE,
      proposal: PROPOSAL,
    }),
  'scrum.ask': async ({ server }) =>
    post(`${ITERATION}/${await started(server, randomUUID(), PROPOSAL)}/calls`, {
      ...FILE,
      proposal: PROPOSAL,
    }),
  'scrum.gone': async ({ server }) =>
    post(`${ITERATION}/${await started(server)}/gone`, { commit: 'a'.repeat(40), paths: ['src/old.ts'] }),
  'scrum.finish': async ({ server }) => ({
    method: 'POST',
    path: `${ITERATION}/${await reviewed(server)}/finish`,
    options: {},
  }),
  'scrum.iterations': () => get(`${ITERATION}?limit=5`),
  'scrum.iteration': async ({ server }) => get(`${ITERATION}/${await started(server)}?rows=true`),
  'scrum.report': async ({ server }) => get(`${ITERATION}/${await finished(server)}/report`),
  'scrum.plan': async ({ server }) => get(`${ITERATION}/${await finished(server)}/plan`),
  'scrum.diff': async ({ server }) => {
    const repository = randomUUID();
    const from = await finished(server, repository);
    return get(`/scrum/diff?from=${from}&to=${await finished(server, repository)}`);
  },
  'scrum.suggestion': async ({ server }) => {
    const { suggestion } = await suggested(server);
    return get(`/scrum/suggestions/${suggestion}`);
  },
  'scrum.trial': async ({ server }) => {
    const { id, suggestion } = await suggested(server);
    const tried = {
      suggestion_id: suggestion,
      kind: 'sim',
      command: 'npm test',
      outcome: 'passed',
      duration_ms: 1,
    };
    return post(`${ITERATION}/${id}/trials`, tried);
  },
  'scrum.calibrate': () => {
    const changed = [{ first_line: 1, last_line: 1 }];
    return post(CALIBRATIONS, { ...calibrationOf(), ...FILE, changed, planted: null });
  },
  'scrum.calibrate.finish': async ({ server }) => {
    const calibration = calibrationOf();
    const changed = [{ first_line: 1, last_line: 1 }];
    const json = { ...calibration, ...FILE, changed, planted: { rule: 'ignored-input', symbol: 'one' } };
    const read = await server.api('POST', CALIBRATIONS, { json });
    if (read.status !== 201) throw new Error(`no case: ${read.text}`);
    return post(`${CALIBRATIONS}/finish`, calibration);
  },
  'scrum.overrides.list': () => get('/scrum/overrides'),
  'scrum.overrides.set': () => post('/scrum/overrides', overrideOf()),
  'scrum.overrides.remove': async ({ server }) => {
    const made = await server.api('POST', '/scrum/overrides', { json: overrideOf() });
    return { method: 'DELETE', path: `/scrum/overrides/${made.json?.override?.override_id}`, options: {} };
  },
};

function startOf(repository: string = randomUUID(), proposal: string | null = null) {
  const content_sha256 = sha256Hex(FILE.chunks[0]?.text ?? '');
  const files = [{ path: FILE.path, content_sha256, packed_sha256: packedSha256(FILE) }];
  const proposal_sha256 = proposal === null ? null : sha256Hex(proposal);
  return { repository, commit: 'a'.repeat(40), ladder: 'default', proposal_sha256, files };
}

function calibrationOf() {
  const repository = randomUUID();
  const plan_sha256 = sha256Hex(repository);
  return { repository, commit: 'a'.repeat(40), ladder: 'default', cases: 1, plan_sha256 };
}

function overrideOf() {
  const expires_at = new Date(Date.now() + 86_400_000).toISOString();
  return {
    repository: randomUUID(),
    path: FILE.path,
    tier: 'block',
    reason: 'The probe wants it so.',
    expires_at,
  };
}

async function started(server: TestServer, repository?: string, proposal?: string): Promise<string> {
  const answer = await server.api('POST', ITERATION, { json: startOf(repository, proposal) });
  if (answer.status !== 201) throw new Error(`no iteration: ${answer.text}`);
  return answer.json.iteration_id;
}

async function reviewed(server: TestServer, repository?: string): Promise<string> {
  const id = await started(server, repository);
  const answer = await server.api('POST', `${ITERATION}/${id}/files`, { json: FILE });
  if (answer.status !== 201) throw new Error(`no review: ${answer.text}`);
  return id;
}

async function finished(server: TestServer, repository?: string): Promise<string> {
  const id = await reviewed(server, repository);
  const answer = await server.api('POST', `${ITERATION}/${id}/finish`);
  if (answer.status !== 200) throw new Error(`not finished: ${answer.text}`);
  return id;
}

/** An iteration with a suggestion, put into the store as a review would: the scripted provider suggests nothing. */
async function suggested(server: TestServer): Promise<{ readonly id: string; readonly suggestion: string }> {
  const repository = randomUUID();
  const id = await reviewed(server, repository);
  const suggestion = randomUUID();
  const text = {
    summary: 'Two.',
    signature: 'two',
    first_lines: 'two',
    test_to_update: '',
    new_test: 'two',
    diff: null,
  };
  const row = {
    suggestion: {
      suggestion_id: suggestion,
      path: FILE.path,
      finding_id: 'f',
      ...text,
      tier: 'sim',
      tier_reasons: [],
    },
    subject: {
      ...{
        repository,
        path: FILE.path,
        suggestionId: suggestion,
        verdict: 'sound',
        evidence: 'model',
        trust: 0.9,
      },
      ...{ blastRadius: null, trial: null },
    },
  };
  const store = new DatabaseSync(join(server.home, 'store', 'lakehouse.db'));
  store
    .prepare('INSERT INTO scrum_suggestions VALUES (?, ?, ?, ?, ?, ?)')
    .run(suggestion, id, repository, FILE.path, JSON.stringify(row), Date.now());
  store.close();
  return { id, suggestion };
}

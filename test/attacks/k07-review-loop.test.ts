import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ANSWER,
  finish,
  packed,
  type ScrumServer,
  says,
  sendFile,
  start,
  startScrumServer,
} from '../scrum/scrum-server.ts';

// K-7: what the review loop keeps beside `kb.*` (pending rows, suggestions) is read under the policy of `kb.*`.
const REPOSITORY = 'payments/ledger';
const SECRET = 'const canary_4711 = settle();';
const FIX = {
  ...{ summary: `Read ${SECRET}`, signature: 'guard()', first_lines: SECRET },
  ...{ test_to_update: '', new_test: 'x', diff: `@@ -1 +1 @@\n-old\n+${SECRET}\n` },
};
const FILE = packed('src/canary-path.ts', 'export const guard = () => check();\n');

/** The role sees rows of its own repository alone. */
const POLICY = {
  roles: {
    reader: {
      grants: [{ dataset: 'kb.*', actions: ['read'] }],
      permissions: ['review.read'],
    },
    // May read reviews, and no dataset of them.
    bystander: { permissions: ['review.read'] },
    writer: {
      grants: [{ dataset: 'kb.*', actions: ['read', 'write'] }],
      permissions: ['review.read', 'review.write'],
      models: ['*'],
    },
  },
  row_filters: [{ dataset: 'kb.*', where: 'repository = identity.repository', except_roles: ['admin'] }],
};

let lake: ScrumServer;
let iterationId: string;
let suggestionId: string;
let stranger: string;
let owner: string;
let bystander: string;

beforeAll(async () => {
  lake = await startScrumServer();
  const begun = await start(lake, [FILE], { repository: REPOSITORY });
  iterationId = begun.json.iteration_id;
  lake.upstream.answerBy(({ body }) => {
    const id = /"id":"([0-9a-f]{16})/.exec(JSON.stringify(body).replaceAll('\\', ''))?.[1];
    return id === undefined ? says(ANSWER) : says({ suggestions: [{ finding_id: id, ...FIX }] });
  });
  const sent = await sendFile(lake, iterationId, FILE);
  suggestionId = sent.json.suggestions[0].suggestion_id;
  const put = await lake.server.api('PUT', '/access/policies', { json: POLICY });
  expect(put.status, put.text).toBe(200);
  stranger = (await lake.server.key('writer', { repository: 'team/other' }, 'stranger')).key;
  owner = (await lake.server.key('reader', { repository: REPOSITORY }, 'owner')).key;
  bystander = (await lake.server.key('bystander')).key;
});
afterAll(() => lake.close());

const ask = (path: string, key: string) => lake.server.api('GET', path, { key });

describe('K-7: what the review loop keeps beside its datasets', () => {
  it('shows pending rows to whoever would see each of them in the dataset, and to no other', async () => {
    for (const key of [stranger, bystander]) {
      const hidden = await ask(`/scrum/iterations/${iterationId}?rows=true`, key);
      expect(hidden.json).toMatchObject({ status: expect.toBeOneOf([403, 404]) });
      expect(hidden.text).not.toContain('canary');
      const one = await ask(`/scrum/suggestions/${suggestionId}`, key);
      expect(one.json).toMatchObject({ status: expect.toBeOneOf([403, 404]) });
      expect(one.text).not.toContain('canary');
      const counts = await ask(`/scrum/iterations/${iterationId}`, key);
      expect(counts.json).toMatchObject({ iteration: { files_done: 1 }, rows: null });
    }
    const shown = await ask(`/scrum/iterations/${iterationId}?rows=true`, lake.server.adminKey);
    expect(shown.json.rows).toMatchObject([{ path: FILE.path }]);
    const suggestion = await ask(`/scrum/suggestions/${suggestionId}`, lake.server.adminKey);
    expect(suggestion.json.suggestion).toMatchObject({ suggestion_id: suggestionId });
  });

  it('shows a suggestion to whoever may read the row of its file, and to no other', async () => {
    await finish(lake, iterationId);
    for (const view of ['report', 'plan']) {
      const hidden = await ask(`/scrum/iterations/${iterationId}/${view}`, stranger);
      expect(hidden.text, view).not.toContain('canary');
      const shown = await ask(`/scrum/iterations/${iterationId}/${view}`, owner);
      expect(shown.json.suggestions, view).toMatchObject([{ suggestion_id: suggestionId }]);
    }
    const hidden = await ask(`/scrum/suggestions/${suggestionId}`, stranger);
    expect(hidden.json).toMatchObject({ status: 404, code: 'scrum.suggestion_not_found' });
    const shown = await ask(`/scrum/suggestions/${suggestionId}`, owner);
    expect(shown.json.suggestion).toMatchObject({ suggestion_id: suggestionId });
  });
});

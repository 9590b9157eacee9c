import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  ANSWER,
  finish,
  packed,
  type ScrumServer,
  says,
  sendFile,
  start,
  startScrumServer,
} from './scrum-server.ts';

// what may be done with a file and with a suggestion, by evidence, trust, reach, trials and people.

let lake: ScrumServer;
beforeAll(async () => {
  lake = await startScrumServer();
});
afterAll(() => lake.close());

const FILE = packed('src/guard.ts', 'export const guard = () => check();\n');
const later = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();

async function reviewed() {
  const begun = await start(lake, [FILE], { fresh: true });
  lake.upstream.answerBy(({ body }) => {
    const id = /"id":"([0-9a-f]{16})/.exec(JSON.stringify(body).replaceAll('\\', ''))?.[1];
    if (id === undefined) return says(ANSWER);
    const fix = {
      summary: 'Read it.',
      signature: 'guard()',
      first_lines: 'return check();',
      test_to_update: '',
      new_test: 'x',
    };
    return says({ suggestions: [{ finding_id: id, ...fix }] });
  });
  const sent = await sendFile(lake, begun.json.iteration_id, FILE, {
    blast_radius: { importers: 0, route_exposed: false },
  });
  return { id: begun.json.iteration_id, suggestion: sent.json.suggestions[0], row: sent.json.row };
}

test('a trial decides over its suggestion, an override over a file for a while, and both are journaled', async () => {
  const { id, suggestion, row } = await reviewed();
  expect(row.gradient_tier).toBe('sim');
  expect(suggestion).toMatchObject({ tier: 'sim' });
  const trial = (outcome: string) =>
    lake.server.api('POST', `/scrum/iterations/${id}/trials`, {
      json: {
        suggestion_id: suggestion.suggestion_id,
        kind: 'sim',
        command: 'npm test',
        outcome,
        duration_ms: 5,
      },
    });
  expect((await trial('failed')).json).toMatchObject({ tier: 'block', tier_reasons: ['its trial failed'] });
  const passed = await trial('passed');
  expect(passed.status).toBe(201);
  expect(passed.json).toMatchObject({ tier: 'sim' });
  const unknown = await lake.server.api('POST', `/scrum/iterations/${id}/trials`, {
    json: { suggestion_id: 'none', kind: 'sim', command: 'x', outcome: 'passed', duration_ms: 1 },
  });
  expect(unknown.json).toMatchObject({ status: 404, code: 'scrum.suggestion_not_found' });

  const set = (json: Record<string, unknown>) => lake.server.api('POST', '/scrum/overrides', { json });
  const override = { repository: 'team/project', reason: 'Looked at by hand.', expires_at: later(1) };
  const ofSuggestion = await set({ ...override, suggestion_id: suggestion.suggestion_id, tier: 'auto' });
  expect(ofSuggestion.status).toBe(201);
  const ofFile = await set({ ...override, path: FILE.path, tier: 'block' });
  expect((await set({ ...override, path: FILE.path, tier: 'auto', expires_at: later(-1) })).json.code).toBe(
    'scrum.override_expired',
  );
  expect((await set({ ...override, path: FILE.path, tier: 'auto', expires_at: later(400) })).status).toBe(
    400,
  );
  expect((await set({ ...override, tier: 'auto' })).status).toBe(400);
  await finish(lake, id);
  const report = async () => (await lake.server.api('GET', `/scrum/iterations/${id}/report`)).json;
  expect(await report()).toMatchObject({
    gradient: [{ path: FILE.path, tier: 'block', override_id: ofFile.json.override.override_id }],
    suggestions: [{ tier: 'auto', tier_reasons: ['override: Looked at by hand.'] }],
  });
  const removed = await lake.server.api('DELETE', `/scrum/overrides/${ofFile.json.override.override_id}`);
  expect(removed.json).toMatchObject({ removed: true });
  expect((await report()).gradient).toMatchObject([{ tier: 'sim', override_id: null }]);
  expect(
    (await lake.server.api('GET', '/scrum/overrides?repository=team/project')).json.overrides,
  ).toHaveLength(1);
  const actions = ['scrum.override_set', 'scrum.override_removed', 'scrum.trial_recorded'];
  const journaled = await Promise.all(
    actions.map(
      async (action) => (await lake.server.api('GET', `/journal/events?action=${action}`)).json.events.length,
    ),
  );
  expect(journaled).toEqual([2, 1, 2]);
});

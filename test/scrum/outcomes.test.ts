import { afterAll, beforeAll, expect, test } from 'vitest';
import { sha256Hex } from '../../src/base/index.ts';
import { callRecords, heldNow } from '../harness/call-records.ts';
import { storeRows } from '../harness/store-rows.ts';
import { reply, type ScriptedReply } from '../support/scripted-provider/scripted-reply.ts';
import {
  ANSWER,
  LADDER,
  NO_SUGGESTIONS,
  packed,
  type ScrumServer,
  says,
  sendFile,
  start,
  startScrumServer,
} from './scrum-server.ts';

// what an answer of a model comes to, down the ladder: the row, the attempts, the journal, the audit, the usage.

let lake: ScrumServer;
let iterationId: string;
const FILES = Array.from({ length: 40 }, (_, number) =>
  packed(`src/file-${number}.ts`, `export const guard${number} = () => check();\n`),
);
let next = 0;

beforeAll(async () => {
  lake = await startScrumServer();
  iterationId = (await start(lake, FILES)).json.iteration_id;
});
afterAll(() => lake.close());

const MARKDOWN = `## Verdict
needs_work
## Score
4
## Confidence
0.6
## Critical failures
- [ignored-result] \`guard\`, line 1: The result of the check is not read.
## Verified components
None.
## Missing components
None.
END OF REVIEW`;
const good = says(ANSWER);
const REFUSAL = 'I’m sorry, but I can’t review this file.';

interface Case {
  readonly name: string;
  readonly replies: readonly ScriptedReply[];
  /** Rung and outcome of the blind attempts. */
  readonly blind: readonly (readonly [rung: number, outcome: string])[];
  readonly format?: string;
}

const CASES: readonly Case[] = [
  { name: 'clean JSON', replies: [good], blind: [[0, 'accepted']], format: 'json' },
  {
    name: 'fenced JSON',
    replies: [says(`Here:\n\`\`\`json\n${JSON.stringify(ANSWER)}\n\`\`\``)],
    blind: [[0, 'accepted']],
    format: 'fenced_json',
  },
  { name: 'Markdown', replies: [says(MARKDOWN)], blind: [[0, 'accepted']], format: 'markdown' },
  {
    name: 'garbage',
    replies: [says('It looks fine to me: 10 of 10!'), good],
    blind: [
      [0, 'unparsable'],
      [1, 'accepted'],
    ],
  },
  // A cut answer in JSON is asked for once more by the chat itself, with its largest cap.
  {
    name: 'cut',
    replies: [
      says(JSON.stringify(ANSWER).slice(0, 90), { finish: 'length' }),
      says('{"verdict":', { finish: 'length' }),
      good,
    ],
    blind: [
      [0, 'cut'],
      [1, 'accepted'],
    ],
  },
  {
    name: 'refusal in words',
    replies: [says(REFUSAL), good],
    blind: [
      [0, 'refused'],
      [1, 'accepted'],
    ],
  },
  {
    name: 'refusal by a filter',
    replies: [says('', { finish: 'content_filter' }), good],
    blind: [
      [0, 'refused'],
      [1, 'accepted'],
    ],
  },
  {
    name: 'a failing provider',
    replies: [reply({ status: 500 }), good],
    blind: [
      [0, 'failed'],
      [1, 'accepted'],
    ],
  },
  {
    name: 'a limited provider',
    replies: [reply({ status: 429 }), good],
    blind: [
      [0, 'failed'],
      [1, 'accepted'],
    ],
  },
  {
    name: 'a score without the rest',
    replies: [says({ verdict: 'sound', score: 10 }), good],
    blind: [
      [0, 'incomplete'],
      [1, 'accepted'],
    ],
  },
  {
    name: 'a line that is not there',
    replies: [says({ ...ANSWER, critical_failures: [{ kind: 'x', line: 99, claim: 'There.' }] }), good],
    blind: [
      [0, 'bad_citation'],
      [1, 'accepted'],
    ],
  },
  {
    name: 'nothing acceptable until the last rung',
    replies: [says('?'), says(REFUSAL), good],
    blind: [
      [0, 'unparsable'],
      [1, 'refused'],
      [2, 'accepted'],
    ],
  },
  {
    name: 'nothing acceptable at all',
    replies: [says('10/10'), says({ score: 10 }), says(REFUSAL)],
    blind: [
      [0, 'unparsable'],
      [1, 'incomplete'],
      [2, 'refused'],
    ],
  },
];

test.each(CASES)('$name', async ({ replies, blind, format = 'json' }) => {
  const file = FILES[next++];
  if (file === undefined) throw new Error('more cases than files');
  const requestId = `outcome-${next}`;
  const accepted = blind.at(-1)?.[1] === 'accepted';
  const rung = accepted ? (blind.at(-1)?.[0] ?? 0) : null;
  lake.upstream.script(...replies, ...(accepted ? [NO_SUGGESTIONS] : []));
  const answer = await sendFile(lake, iterationId, file, {}, { headers: { 'x-request-id': requestId } });
  const { row, attempts, findings, journal_event_id: eventId } = answer.json;
  expect(answer.status).toBe(201);

  const asked = attempts.filter(({ pass }: { pass: string }) => pass === 'blind');
  expect(asked.map((one: { rung: number; outcome: string }) => [one.rung, one.outcome])).toEqual(blind);
  expect(row).toMatchObject({
    attempts: attempts.length,
    rung,
    model: rung === null ? null : LADDER[rung],
    verdict: accepted ? 'needs_work' : 'no_verdict',
    score: accepted ? 4 : null,
    scores: accepted ? [4] : [],
    output_format: accepted ? format : null,
    gradient_tier: accepted ? 'sim' : 'block',
  });
  expect(findings).toHaveLength(accepted ? 1 : 0);

  const [event] = storeRows<{ record: string; id: string }>(
    lake.server.home,
    "SELECT record, id FROM journal_events WHERE request_id = ? AND action = 'scrum.file_reviewed'",
    requestId,
  );
  expect(event?.id).toBe(eventId);
  const { data } = JSON.parse(event?.record ?? '{}');
  expect(data).toMatchObject({ path: file.path, row_id: row.row_id, verdict: row.verdict });
  expect(event?.record).not.toContain('check()');

  // Each attempt is a chat of its own, audited, charged and journaled as every chat is.
  const { calls, audit, events } = callRecords(lake.server.home, requestId);
  const chats = audit.filter(({ operation }) => operation === 'models.chat');
  expect(chats).toHaveLength(attempts.length);
  expect(audit.filter(({ operation }) => operation === 'scrum.review-file')).toMatchObject([
    { status: 'ok' },
  ]);
  expect(calls.length).toBe(replies.length + (accepted ? 1 : 0));
  expect(calls.every(({ task, identity }) => task === 'scrum' && identity === 'admin')).toBe(true);
  expect(events).toHaveLength(calls.length);
  expect(heldNow(lake.server.home)).toEqual({ holds: 0, held: 0 });
});

test('the blind pass is shown nothing of comments, evidence or proposal; the directed pass all of it', async () => {
  const number = next++;
  const commented = packed(`src/file-${number}.ts`, 'export const a = 1; // a comment\n');
  const begun = await start(lake, FILES.with(number, commented), {
    proposal_sha256: sha256Hex('Let us call it.'),
  });
  expect(begun.json).toMatchObject({ continued: true, iteration_id: iterationId });
  lake.upstream.script(good, NO_SUGGESTIONS);
  const before = lake.upstream.received.length;
  await sendFile(lake, iterationId, commented, {
    evidence: [
      {
        id: 'e1',
        rule: 'uncalled-primitive',
        line: 1,
        symbol: 'a',
        claim: 'Nothing calls it.',
        severity: 'error',
      },
    ],
    proposal: 'Let us call it.',
  });
  const [blind = '', directed = ''] = lake.upstream.received
    .slice(before)
    .map(({ body }) => JSON.stringify(body));
  expect(blind).toContain('export const a = 1;');
  expect(blind).not.toMatch(/a comment|Nothing calls it|Let us call it/);
  expect(directed).toMatch(/a comment/);
  expect(directed).toMatch(/Nothing calls it/);
  expect(directed).toMatch(/Let us call it/);
  expect(blind).toContain('json_object');
  expect(blind).not.toContain('"tools"');
});

test('replicates are asked of the accepting model alone, and their median is the score', async () => {
  const file = packed('src/often.ts', 'export const guard = () => check();\n');
  const begun = await start(lake, [file], { replicates: 5 });
  const scored = (score: number) => says({ ...ANSWER, score });
  lake.upstream.script(
    says('?'),
    scored(4),
    scored(7),
    says('garbage'),
    scored(5),
    scored(9),
    NO_SUGGESTIONS,
  );
  const { json } = await sendFile(lake, begun.json.iteration_id, file);
  expect(json.row).toMatchObject({ scores: [4, 7, 5, 9], score: 6, rung: 1, model: LADDER[1] });
  expect(
    json.attempts.map(({ rung, replicate, outcome }: Record<string, unknown>) => [rung, replicate, outcome]),
  ).toEqual([
    [0, 0, 'unparsable'],
    [1, 0, 'accepted'],
    [1, 1, 'accepted'],
    [1, 2, 'unparsable'],
    [1, 3, 'accepted'],
    [1, 4, 'accepted'],
    [1, 0, 'accepted'],
  ]);
});

test('suggestions name a finding of the file, and what may be done with each', async () => {
  const file = packed('src/suggest.ts', 'export const guard = () => check();\n');
  const begun = await start(lake, [file], { repository: 'team/suggest' });
  const suggested = (finding_id: string) =>
    says({
      suggestions: [
        {
          ...{
            finding_id,
            summary: 'Read it.',
            signature: 'guard(): boolean',
            first_lines: 'return check();',
          },
          ...{ test_to_update: 'guard.test.ts', new_test: 'refuses', diff: '--- a\n+++ b\n' },
        },
      ],
    });
  lake.upstream.answerBy(({ body }) => {
    const text = JSON.stringify(body);
    const id = /\\?"id\\?":\\?"([0-9a-f]{16})/.exec(text.replaceAll('\\', ''))?.[1];
    if (id === undefined) return good;
    // The first of the directed answers names a finding that nobody gave it.
    return text.includes('gpt-scripted') ? suggested('deadbeef') : suggested(id);
  });
  const { json } = await sendFile(lake, begun.json.iteration_id, file);
  lake.upstream.answerBy(null);
  expect(
    json.attempts.map(({ pass, rung, outcome }: Record<string, unknown>) => [pass, rung, outcome]),
  ).toEqual([
    ['blind', 0, 'accepted'],
    ['directed', 0, 'bad_citation'],
    ['directed', 1, 'accepted'],
  ]);
  expect(json.suggestions).toMatchObject([
    { finding_id: json.findings[0].finding_id, path: file.path, tier: 'sim', diff: '--- a\n+++ b\n' },
  ]);
  // By its id, while the iteration still runs.
  const [{ suggestion_id: id }] = json.suggestions;
  const shown = await lake.server.api('GET', `/scrum/suggestions/${id}`);
  expect(shown.json).toMatchObject({
    ...{ suggestion: json.suggestions[0], iteration_id: begun.json.iteration_id, iteration: 1 },
    repository: 'team/suggest',
  });
  expect((await lake.server.api('GET', '/scrum/suggestions/none')).json).toMatchObject({
    ...{ status: 404, code: 'scrum.suggestion_not_found' },
  });
  const { key } = await lake.server.key('analyst');
  expect((await lake.server.api('GET', `/scrum/suggestions/${id}`, { key })).status).toBe(403);
});

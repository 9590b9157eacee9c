import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { followEvents } from './harness/event-stream.ts';
import { startTestServer, type TestServer } from './harness/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const event = (more: Record<string, unknown> = {}) => ({
  source: 'scrum',
  kind: 'file.scored',
  severity: 'info',
  ...more,
});
const post = (json: unknown, key?: string, headers: Record<string, string> = {}) =>
  server.api('POST', '/event', { json, headers, ...(key === undefined ? {} : { key }) });
const list = async (query: string, key?: string) =>
  (await server.api('GET', `/events?${query}`, key === undefined ? {} : { key })).json;

describe('an event that is sent', () => {
  test('is kept as it was told, with who told it', async () => {
    const agent = await server.key('agent', {}, 'reviewer');
    const sent = event({
      time: '2026-01-02T03:04:05+01:00',
      external_id: 'a-1',
      correlation_id: 'iteration-7',
      signature: 'src/a.ts:score',
      message: 'Scored 7.',
      data: { score: 7, parts: [1, 2] },
    });
    const answer = await post(sent, agent.key);
    expect(answer.status).toBe(201);
    expect(answer.json).toMatchObject({ accepted: 1, duplicate: 0 });
    const { events } = await list('correlation_id=iteration-7');
    expect(events).toEqual([
      {
        ...sent,
        seq: expect.any(Number),
        event_id: answer.json.event_ids[0],
        time: '2026-01-02T02:04:05.000Z',
        received_at: expect.any(String),
        identity: 'reviewer',
      },
    ]);
  });

  test('is counted in the journal, and not repeated there', async () => {
    const answer = await post({
      events: [event({ message: 'canary text' }), event({ data: { secret: 'canary data' } })],
    });
    const page = await server.api('GET', '/journal/events?action=event.recorded&order=desc&limit=5');
    const [recorded] = page.json.events;
    expect(recorded).toMatchObject({ id: answer.json.journal_event_id, data: { events: 2 } });
    expect(page.text).not.toContain('canary');
  });

  test('is one event however often its external id comes, alone, in one batch and at once', async () => {
    const one = event({ source: 'twice', external_id: 'x' });
    const first = await post(one);
    const again = await post(one);
    expect(again.status).toBe(200);
    expect(again.json).toEqual({
      accepted: 0,
      duplicate: 1,
      event_ids: first.json.event_ids,
      journal_event_id: null,
    });
    const batch = {
      events: [
        event({ source: 'twice', external_id: 'y' }),
        one,
        event({ source: 'twice', external_id: 'y' }),
      ],
    };
    expect((await post(batch)).json).toMatchObject({ accepted: 1, duplicate: 2 });
    const racing = await Promise.all(
      Array.from({ length: 12 }, () => post(event({ source: 'twice', external_id: 'z' }))),
    );
    expect(racing.reduce((sum, { json }) => sum + json.accepted, 0)).toBe(1);
    expect(new Set(racing.map(({ json }) => json.event_ids[0])).size).toBe(1);
    // The same id of another source is another event.
    expect((await post(event({ source: 'other', external_id: 'x' }))).status).toBe(201);
    expect((await list('source=twice')).events).toHaveLength(3);
  });

  test('is kept whatever another sent under its external id before (K-18)', async () => {
    const id = { source: 'auditor', external_id: 'claim:1' };
    const other = await server.key('agent', {}, 'other');
    const decoy = await post(event({ ...id, severity: 'debug' }), other.key);
    const told = await post(event({ ...id, severity: 'critical' }));
    expect(told.json).toMatchObject({ accepted: 1, duplicate: 0 });
    expect(told.json.event_ids).not.toEqual(decoy.json.event_ids);
    expect((await list('source=auditor')).events).toMatchObject([
      { severity: 'critical', identity: 'admin' },
      { severity: 'debug', identity: 'other' },
    ]);
    expect((await post(event({ ...id, severity: 'critical' }))).json).toMatchObject({ duplicate: 1 });
  });

  test('is taken once under an Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'observer-1' };
    const first = await post(event({ source: 'keyed' }), undefined, headers);
    const again = await post(event({ source: 'keyed' }), undefined, headers);
    expect(again.json).toEqual(first.json);
    expect((await list('source=keyed')).events).toHaveLength(1);
  });

  test.each([
    ['no source', { kind: 'a', severity: 'info' }],
    ['an unknown member', event({ importance: 'high' })],
    ['a source that is no name', event({ source: 'Scrum review' })],
    ['a severity that is none', event({ severity: 'fatal' })],
    ['a signature with a line break', event({ signature: 'a\nb' })],
    ['a message too long', event({ message: 'x'.repeat(2_001) })],
    ['one event and many', { ...event(), events: [event()] }],
    ['no event', { events: [] }],
    ['too many events', { events: Array.from({ length: 1_001 }, () => event()) }],
    ['one bad event among good ones', { events: [event({ source: 'bad' }), event({ kind: '' })] }],
  ])('is refused for %s', async (_, json) => {
    const answer = await post(json);
    expect(answer.status).toBe(400);
    expect(answer.json.code).toBe('door.invalid_input');
    expect((await list('source=bad')).events).toEqual([]);
  });

  test('is refused in the name of the observer itself', async () => {
    const answer = await post({ events: [event(), event({ source: 'observer', kind: 'escalation' })] });
    expect(answer.json.code).toBe('observer.reserved_source');
    expect(answer.status).toBe(403);
  });
});

describe('what an event may hold', () => {
  test('K-14: control, reordering and invisible characters of a message are escapes', async () => {
    const hostile = ['\u001b[31mred', 'a\r\nSet-Cookie: x', '\u202egnp', 'nul\u0000', '\u2028', '<script>'];
    await post({ events: hostile.map((message) => event({ source: 'hostile', message })) });
    const shown = (await list('source=hostile')).events.map((one: { message: string }) => one.message);
    expect(shown.toReversed()).toEqual([
      '\\u{1b}[31mred',
      'a\\u{d}\\u{a}Set-Cookie: x',
      '\\u{202e}gnp',
      'nul\\u{0}',
      '\\u{2028}',
      '<script>',
    ]);
    const stream = await followEvents(server, server.adminKey, { query: '?after=0&source=hostile&limit=6' });
    await stream.ended;
    expect(
      stream
        .text()
        .split('\n')
        .filter((line) => !/^(retry|id|data|): |^:|^$/.test(line)),
    ).toEqual([]);
    await post(event({ source: 'hostile2', data: { text: 'a\n\nid: 99\ndata: forged' } }));
    const other = await followEvents(server, server.adminKey, { query: '?after=0&source=hostile2&limit=1' });
    await other.ended;
    expect(other.events).toHaveLength(1);
  });

  test('K-15: data that is too large or too deep is refused, to the edge', async () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
    expect((await post(event({ data: nested(16) }))).status).toBe(201);
    for (const levels of [17, 60]) expect((await post(event({ data: nested(levels) }))).status).toBe(400);
    expect((await post(event({ data: nested(70) }))).json.code).toBe('gateway.malformed_json');
    const sized = (bytes: number) => 'x'.repeat(bytes - 2);
    expect((await post(event({ data: sized(16_384) }))).status).toBe(201);
    expect((await post(event({ data: sized(16_385) }))).status).toBe(400);
    expect((await post(event({ data: 'é'.repeat(8_192) }))).status).toBe(400);
    const huge = { events: Array.from({ length: 300 }, () => event({ data: sized(16_384) })) };
    expect((await post(huge)).status).toBe(413);
  });

  test('K-16: a member __proto__ is refused, and constructor is a name like another', async () => {
    for (const body of [
      '{"source":"p","kind":"k","severity":"info","__proto__":{"a":1}}',
      '{"source":"p","kind":"k","severity":"info","data":{"__proto__":{"polluted":true}}}',
      '{"events":[{"source":"p","kind":"k","severity":"info","__proto__":{"message":"x"}}]}',
    ]) {
      const answer = await server.api('POST', '/event', {
        body,
        headers: { 'content-type': 'application/json' },
      });
      expect(answer.status).toBe(400);
    }
    await post(
      event({ source: 'constructor', kind: 'constructor', data: { constructor: { prototype: 1 } } }),
    );
    const [kept] = (await list('source=constructor')).events;
    expect(kept.data).toEqual({ constructor: { prototype: 1 } });
    expect((await server.api('GET', '/stats')).json.by_source.constructor).toBe(1);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});

describe('who may', () => {
  test.each([
    ['agent', 'POST', '/event', 201],
    ['analyst', 'POST', '/event', 201],
    ['auditor', 'POST', '/event', 403],
    ['recruiter', 'POST', '/event', 403],
    ['agent', 'GET', '/events', 403],
    ['analyst', 'GET', '/stats', 403],
    ['agent', 'GET', '/events/stream', 403],
    ['auditor', 'GET', '/events', 200],
    ['auditor', 'GET', '/stats', 200],
  ])('%s: %s %s answers %i', async (role, method, path, status) => {
    const { key } = await server.key(role, {}, `who-${role}`);
    const answer = await server.api(method, path, { key, ...(method === 'POST' ? { json: event() } : {}) });
    expect(answer.status).toBe(status);
  });
});

describe('a list', () => {
  test('is narrowed by each filter and paged without a gap', async () => {
    const at = (hour: number) => `2025-05-05T0${hour}:00:00Z`;
    await post({
      events: [
        event({ source: 'pages', kind: 'a', severity: 'debug', time: at(1), signature: 's 1' }),
        event({ source: 'pages', kind: 'a', severity: 'warn', time: at(2), correlation_id: 'c' }),
        event({ source: 'pages', kind: 'b', severity: 'critical', time: at(3) }),
      ],
    });
    const times = async (query: string) =>
      (await list(`source=pages&${query}`)).events.map((one: { time: string }) => one.time.slice(11, 13));
    expect(await times('')).toEqual(['03', '02', '01']);
    expect(await times('kind=a')).toEqual(['02', '01']);
    expect(await times('severity=warn')).toEqual(['02']);
    expect(await times('min_severity=warn')).toEqual(['03', '02']);
    expect(await times(`since=${at(2)}`)).toEqual(['03', '02']);
    expect(await times(`until=${at(2)}`)).toEqual(['01']);
    expect(await times('correlation_id=c')).toEqual(['02']);
    expect(await times('signature=s%201')).toEqual(['01']);
    const seen: string[] = [];
    for (let before = ''; ; ) {
      const page = await list(`source=pages&limit=1${before}`);
      seen.push(...page.events.map((one: { time: string }) => one.time.slice(11, 13)));
      if (page.next === null) break;
      before = `&before=${page.next}`;
    }
    expect(seen).toEqual(['03', '02', '01']);
    expect((await server.api('GET', '/events?before=x')).json.code).toBe('observer.unknown_cursor');
  });
});

describe('a live stream', () => {
  test('shows what comes in, narrowed, and goes on after the last id without loss', async () => {
    const stream = await followEvents(server, server.adminKey, { query: '?source=live&min_severity=warn' });
    await post({
      events: [event({ source: 'live' }), event({ source: 'live', severity: 'error', message: '1' })],
    });
    await post(event({ source: 'elsewhere', severity: 'error' }));
    await expect.poll(() => stream.events.length).toBe(1);
    await stream.close();
    await post(event({ source: 'live', severity: 'error', message: '2' }));
    const lastEventId = String(stream.events[0].seq);
    const resumed = await followEvents(server, server.adminKey, { query: '?source=live', lastEventId });
    await post(event({ source: 'live', severity: 'error', message: '3' }));
    await expect.poll(() => resumed.events.map(({ message }) => message)).toEqual(['2', '3']);
    await resumed.close();
  });

  test('ends without a terminator when its key is revoked, and says so in the audit', async () => {
    const { key, keyId } = await server.key('auditor', {}, 'follower');
    // A stream that learned of the revocation with its heartbeat only would come after this older one's.
    const witness = await followEvents(server, server.adminKey);
    const stream = await followEvents(server, key);
    expect(stream.status).toBe(200);
    await server.api('DELETE', `/access/keys/${keyId}`);
    expect(await Promise.race([stream.ended, witness.alive])).toBe('cut');
    await witness.close();
    const { rows } = (await server.api('GET', '/access/audit?identity=follower&operation=observer.stream'))
      .json;
    expect(rows[0]).toMatchObject({ decision: 'allowed' });
  });

  test('is refused where one identity follows too many, until one is closed', async () => {
    const { key } = await server.key('auditor', {}, 'crowd');
    const open = await Promise.all(Array.from({ length: 10 }, () => followEvents(server, key)));
    expect(open.every(({ status }) => status === 200)).toBe(true);
    const refused = await server.api('GET', '/events/stream', { key });
    expect(refused.status).toBe(429);
    expect(refused.json.code).toBe('observer.too_many_streams');
    await open[0]?.close();
    const next = async () => {
      const stream = await followEvents(server, key);
      await stream.close();
      return stream.status;
    };
    await expect.poll(next).toBe(200);
    for (const stream of open) await stream.close();
  });

  test('ends whole when the server goes', async () => {
    const other = await startTestServer({ config: '[server]\nshutdown_grace_ms = 3_600_000\n' });
    const stream = await followEvents(other, other.adminKey);
    // Held up by the stream, or by its connection once it is idle, this would take the hour.
    await other.close();
    expect(await stream.ended).toBe('whole');
  });
});

describe('escalations', () => {
  const RULE =
    '[[escalations]]\nname = "failing"\nwhen = { source = "ci*", severity = "error", signature = "*" }\ntimes = 3\nwithin_s = 60\n';
  const at = (second: number) => new Date(Date.UTC(2026, 0, 1) + second * 1_000).toISOString();
  const failure = (second: number, signature = 'build') => ({
    source: 'ci.main',
    kind: 'failed',
    severity: 'error',
    signature,
    time: at(second),
  });

  test('are told once a window for each signature, also over a restart', async () => {
    const other = await startTestServer();
    await other.restartWith(() => writeFile(join(other.home, 'observer.toml'), RULE));
    const told = async () =>
      (await other.api('GET', '/events?source=observer')).json.events.map(
        (one: { signature: string; data: { event_ids: string[] } }) => [
          one.signature,
          one.data.event_ids.length,
        ],
      );
    const send = async (...events: unknown[]) =>
      (await other.api('POST', '/event', { json: { events } })).json.event_ids as string[];
    // Two of one signature, two of another, a third too late, and one that is no error.
    await send(failure(0), failure(1), failure(2, 'lint'), failure(3, 'lint'), failure(90, 'lint'));
    await send({ ...failure(4), severity: 'warn' });
    const ids = await send(failure(5), failure(6), failure(7), failure(8));
    await expect.poll(told).toEqual([['build', 3]]);
    await other.restart();
    // Counted again from the store: nothing is told twice, and the window goes on.
    await send(failure(9), failure(10), failure(11));
    await send(failure(91, 'lint'), failure(92, 'lint'));
    await expect.poll(told).toEqual([
      ['lint', 3],
      ['build', 3],
    ]);
    await send(failure(200), failure(201), failure(202));
    await expect.poll(told).toEqual([
      ['build', 3],
      ['lint', 3],
      ['build', 3],
    ]);
    const [, , first] = (await other.api('GET', '/events?source=observer')).json.events;
    expect(first).toMatchObject({ kind: 'escalation', severity: 'critical', identity: 'system' });
    expect(first.data.event_ids[2]).toBe(ids[0]);
    await other.close();
  });

  test('a mistake in observer.toml stops the start with line and key', async () => {
    const other = await startTestServer();
    const start = other.restartWith(() =>
      writeFile(
        join(other.home, 'observer.toml'),
        '[[escalations]]\nname = "a"\nwhen = {}\ntimes = 3\nwithn_s = 1\n',
      ),
    );
    await expect(start).rejects.toThrow(/observer\.toml, line 5: escalations\[0\]\.withn_s: .*within_s/);
    await other.remove();
  });
});

test('10,000 events by four writers are all there, once, before and after a restart', async () => {
  const other = await startTestServer();
  const batches = Array.from({ length: 40 }, (_, batch) =>
    Array.from({ length: 250 }, (_, index) => event({ source: 'load', external_id: `${batch}-${index}` })),
  );
  const writers = Array.from({ length: 4 }, async () => {
    for (let events = batches.pop(); events !== undefined; events = batches.pop()) {
      const answer = await other.api('POST', '/event', { json: { events } });
      expect(answer.json).toMatchObject({ accepted: 250, duplicate: 0 });
    }
  });
  await Promise.all(writers);
  const before = (await other.api('GET', '/stats')).json;
  expect(before).toMatchObject({
    by_source: { load: 10_000 },
    by_severity: { info: 10_000 },
    rates: { last_hour: 10_000 },
    last: { source: 'load' },
    dropped: 0,
  });
  const stream = await followEvents(other, other.adminKey, { query: '?after=0&source=load&limit=10000' });
  expect(await stream.ended).toBe('whole');
  expect(new Set(stream.events.map(({ external_id }) => external_id)).size).toBe(10_000);
  await other.restart();
  const after = (await other.api('GET', '/stats')).json;
  expect({ ...after, rates: null }).toEqual({ ...before, rates: null });
  await other.close();
});

test('an ingest and its quarantine are events of this server', async () => {
  const form = { 'content-type': 'text/csv' };
  const path = '/ingest/file?dataset=observed&mode=append&on_error=quarantine&file_name=o.csv';
  await server.api('POST', path, { body: 'id,name\n1,Ada\n', headers: form });
  await server.api('POST', path, { body: 'id,name\n2,Bob\n3,"broken\n', headers: form });
  const kinds = async () => (await list('source=ingest')).events.map((one: { kind: string }) => one.kind);
  await expect.poll(kinds).toEqual(['quarantined', 'ingested']);
  expect(JSON.stringify(await list('source=ingest'))).not.toMatch(/Ada|Bob|broken/);
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bodyOf, openConnection } from '../harness/raw-http.ts';
import { startTestServer, type TestServer } from '../harness/server.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/lakehouse.js', import.meta.url));

/** F-8: the client leaves in the middle of an upload or of an answer. */
describe('F-8: a client disconnects', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  /** Waits for a state that the server reaches by itself; fails by the test's own time limit. */
  async function eventually(check: () => Promise<boolean>): Promise<void> {
    while (!(await check())) await wait(20);
  }

  async function filesBelow(folder: string): Promise<string[]> {
    const found = await readdir(join(server.home, folder), { recursive: true, withFileTypes: true }).catch(
      () => [],
    );
    return found.filter((entry) => entry.isFile()).map((entry) => entry.name);
  }

  /** Files that were unlinked while they are open, as what a form holds before its fields is. */
  async function namelessFiles(): Promise<number> {
    const links = await Promise.all(
      (await readdir('/proc/self/fd')).map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')),
    );
    return links.filter((link) => link.startsWith(server.home) && link.endsWith(' (deleted)')).length;
  }

  /** Begins an upload of which more bytes are promised, leaves once the server has a file of it in the folder. */
  async function interruptedUpload(
    method: string,
    path: string,
    headers: Record<string, string>,
    body: string,
    folder: string,
  ) {
    const socket = await openConnection(server.url);
    const lines = Object.entries({
      host: new URL(server.url).host,
      'x-api-key': server.adminKey,
      'content-length': '5000000',
      ...headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
    await eventually(async () => (await filesBelow(folder)).length + (await namelessFiles()) > 0);
    socket.destroy();
    await once(socket, 'close');
  }

  const rows = Array.from({ length: 20_000 }, (_, at) => `${at},row ${at}\n`).join('');

  it.each([
    ['raw', { 'content-type': 'text/csv' }, `id,name\n${rows}`, '/ingest/file?dataset=cut_raw'],
    [
      'a form',
      { 'content-type': 'multipart/form-data; boundary=edge' },
      `--edge\r\ncontent-disposition: form-data; name="dataset"\r\n\r\ncut_form\r\n--edge\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\ncontent-type: text/csv\r\n\r\nid,name\n${rows}`,
      '/ingest/file',
    ],
    [
      'a form with the file first',
      { 'content-type': 'multipart/form-data; boundary=edge' },
      `--edge\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\nid,name\n${rows}`,
      '/ingest/file',
    ],
  ])('in the middle of an ingest as %s: no dataset, no event, no file', async (_, headers, body, path) => {
    const events = async () =>
      (await server.api('GET', '/journal/stats')).json.total_events_created as number;
    const before = await events();
    await interruptedUpload('POST', path, headers, body, 'system');
    await eventually(async () => (await filesBelow('system')).length + (await namelessFiles()) === 0);
    expect((await server.api('GET', '/catalog/datasets')).json.datasets).toEqual([]);
    expect(await filesBelow('warehouse')).toEqual([]);
    expect(await events()).toBe(before);
  });

  it('in the middle of a PUT: no object is visible, and what was there stays', async () => {
    const path = '/buckets/default/objects/kept.txt';
    expect((await server.api('PUT', path, { body: 'whole' })).status).toBe(201);
    const uploads = 'buckets/default/.lakehouse/uploads';
    const none = async () => (await filesBelow(uploads)).length === 0;
    await interruptedUpload('PUT', path, { 'content-type': 'text/plain' }, 'half of something else', uploads);
    await eventually(none);
    await interruptedUpload('PUT', '/buckets/default/objects/never.txt', {}, 'half', uploads);
    await eventually(none);
    expect((await server.api('GET', path)).text).toBe('whole');
    expect((await server.api('GET', '/buckets/default/objects/never.txt')).status).toBe(404);
    const listed = await server.api('GET', '/buckets/default/objects');
    expect(JSON.stringify(listed.json)).not.toContain('never');
  });

  it('in the middle of an answer: the query is stopped, its record closed as cancelled, its process given back', async () => {
    const leaving = new AbortController();
    const answer = await fetch(`${server.url}/query/sql`, {
      method: 'POST',
      signal: leaving.signal,
      headers: { 'x-api-key': server.adminKey, 'content-type': 'application/json' },
      body: JSON.stringify({ sql: 'SELECT range AS n FROM range(200000000)', format: 'ndjson' }),
    });
    const requestId = answer.headers.get('x-request-id');
    const reader = answer.body?.getReader();
    await reader?.read();
    leaving.abort();
    await eventually(async () => {
      const { json } = await server.api('GET', `/access/audit?request_id=${requestId}`);
      return json.rows[0]?.status === 'cancelled';
    });
    const { json } = await server.api('GET', `/access/audit?request_id=${requestId}`);
    // Rows have left, and nobody knows how many: it is not said that there were none.
    expect(json.rows[0].row_count).toBeNull();
    await eventually(async () => {
      const { text } = await server.api('GET', '/metrics');
      return !/lakehouse_engine_\w+_busy [1-9]/.test(text);
    });
  });

  it('or says what is no HTTP while it is answered: the answer is cut off, and no other byte is put into it', async () => {
    const socket = await openConnection(server.url);
    const lines = { host: new URL(server.url).host, 'x-api-key': server.adminKey, 'x-request-id': 'babbles' };
    const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`GET /events/stream HTTP/1.1\r\n${head.join('')}\r\n`);
    let answer = '';
    socket.on('data', (bytes: Buffer) => {
      answer += bytes.toString('latin1');
    });
    await expect.poll(() => answer).toContain('retry: 1000');
    socket.write('\0\r\n\r\n');
    if (!socket.closed) await once(socket, 'close');
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
    expect(answer).not.toContain('gateway.bad_request');
    expect(bodyOf(answer).isWhole).toBe(false);
    await eventually(async () => {
      const { json } = await server.api('GET', '/access/audit?request_id=babbles');
      return json.rows[0]?.status === 'cancelled';
    });
  });

  it('and leaves `lakehouse mcp` without input: it ends, and what it had asked for is stopped', async () => {
    const { PATH = '' } = process.env;
    const env = { PATH, LAKEHOUSE_URL: server.url, LAKEHOUSE_API_KEY: server.adminKey };
    const link = spawn(process.execPath, [PROGRAM, 'mcp'], { env, stdio: 'pipe' });
    const stderr = text(link.stderr);
    const ended = once(link, 'exit');
    const sql = 'SELECT count(*) FROM range(100000000000) a WHERE a.range % 7 = 4';
    const params = { name: 'query', arguments: { sql } };
    link.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })}\n`);
    const asked = async () =>
      (await server.api('GET', '/access/audit?operation=query.sql&limit=50')).json.rows.find(
        (row: { statement: { sql: string } | null }) => row.statement?.sql === sql,
      );
    await eventually(async () => (await asked())?.status === 'open');
    link.stdin.end();
    expect(await ended).toEqual([1, null]);
    expect(await stderr).toContain('Standard input ended, and 1 call had no answer');
    await eventually(async () => (await asked()).status !== 'open');
    expect((await asked()).status).toBe('cancelled');
  });

  it('before its query begins to answer: the query does not go on', async () => {
    const leaving = new AbortController();
    const requestId = 'leaves-early';
    const sql = 'SELECT count(*) FROM range(100000000000) a WHERE a.range % 7 = 3';
    const asked = fetch(`${server.url}/query/sql`, {
      method: 'POST',
      signal: leaving.signal,
      headers: {
        'x-api-key': server.adminKey,
        'content-type': 'application/json',
        'x-request-id': requestId,
      },
      body: JSON.stringify({ sql }),
    }).catch(() => null);
    await eventually(async () => {
      const { json } = await server.api('GET', `/access/audit?request_id=${requestId}`);
      return json.rows.length > 0;
    });
    leaving.abort();
    await asked;
    await eventually(async () => {
      const { json } = await server.api('GET', `/access/audit?request_id=${requestId}`);
      return json.rows[0]?.status === 'cancelled';
    });
  });
});

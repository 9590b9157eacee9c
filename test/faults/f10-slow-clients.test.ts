import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exchange, openConnection, readToEnd, requestLines, statusOf } from '../harness/raw-http.ts';
import { startTestServer, type TestServer } from '../harness/server.ts';

const CONFIG = `
[server]
headers_timeout_ms = 1500
request_timeout_ms = 30000
upload_idle_timeout_ms = 300
slow_reader_timeout_ms = 400
`;

/** F-10: thousands of connections, slow headers, slow readers. */
describe('F-10: slow and many clients', () => {
  let server: TestServer;
  let patient: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ config: CONFIG });
    patient = await startTestServer({ config: '[server]\nslow_reader_timeout_ms = 600000\n' });
  });
  afterAll(async () => {
    await server.close();
    await patient.close();
  });

  const headers = () => ({ host: new URL(server.url).host, 'x-api-key': server.adminKey });

  it('cuts off headers that do not arrive in time', async () => {
    const socket = await openConnection(server.url);
    socket.write(`GET /health HTTP/1.1\r\nhost: ${new URL(server.url).host}\r\nx-slow: `);
    const answer = await readToEnd(socket);
    expect(statusOf(answer)).toBe(408);
    expect(answer).toContain('gateway.headers_timeout');
  });

  it('refuses an upload that stalls, and keeps nothing of it', async () => {
    const socket = await openConnection(server.url);
    const lines = Object.entries({ ...headers(), 'content-length': '1000000', 'content-type': 'text/csv' });
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    socket.write(`POST /ingest/file?dataset=stalled HTTP/1.1\r\n${head}\r\nid,name\n1,a\n`);
    let answer = '';
    while (!answer.includes('gateway.upload_stalled')) {
      const [bytes] = (await once(socket, 'data')) as [Buffer];
      answer += bytes.toString();
    }
    expect(statusOf(answer)).toBe(408);
    socket.destroy();
    expect((await server.api('GET', '/catalog/datasets/by-name/stalled')).status).toBe(404);
  });

  it('resets a reader that takes nothing, without the end of an answer', async () => {
    const body = JSON.stringify({ sql: 'SELECT range AS n FROM range(100000000)', format: 'ndjson' });
    const socket = await openConnection(server.url);
    const lines = Object.entries({
      ...headers(),
      'content-type': 'application/json',
      'content-length': String(body.length),
    });
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const requestId = 'reads-nothing';
    socket.pause();
    socket.write(`POST /query/sql HTTP/1.1\r\n${head}x-request-id: ${requestId}\r\n\r\n${body}`);
    const closed = async () => {
      const { json } = await server.api('GET', `/access/audit?request_id=${requestId}`);
      return json.rows[0]?.status === 'cancelled';
    };
    while (!(await closed())) await wait(50);
    const received = await readToEnd(socket.resume());
    expect(received.endsWith('0\r\n\r\n')).toBe(false);
  });

  it('holds no engine process for a reader that takes nothing once its query is out of time, and kills none', async () => {
    const engine = async (name: string) => {
      const { text } = await patient.api('GET', '/metrics');
      return Number(new RegExp(`^lakehouse_engine_${name} (\\d+)$`, 'm').exec(text)?.[1]);
    };
    const sql = 'SELECT range AS n FROM range(100000000)';
    const body = JSON.stringify({ sql, format: 'ndjson', timeout_ms: 1_500 });
    const lines = Object.entries({
      host: new URL(patient.url).host,
      'x-api-key': patient.adminKey,
      'content-type': 'application/json',
      'content-length': String(body.length),
    });
    const socket = await openConnection(patient.url);
    try {
      socket.pause();
      const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      socket.write(`POST /query/sql HTTP/1.1\r\n${head}\r\n${body}`);
      await expect.poll(() => engine('query_busy')).toBe(1);
      await expect.poll(() => engine('query_busy')).toBe(0);
      expect(await engine('killed')).toBe(0);
    } finally {
      socket.destroy();
    }
  });

  it('answers /health while hundreds of connections do nothing, and lets no more in than allowed', async () => {
    // Nothing but their number closes these connections: headers may take as long as they like.
    const idle = await startTestServer({
      config: '[server]\nheaders_timeout_ms = 600000\nmax_connections = 300\n',
    });
    const health = () => {
      const to = { host: new URL(idle.url).host, 'x-api-key': idle.adminKey };
      return exchange(idle.url, requestLines('GET', '/health', to));
    };
    const sockets: Socket[] = [];
    const open = async () => {
      const socket = await openConnection(idle.url);
      sockets.push(socket);
    };
    const closed = () => sockets.filter((socket) => socket.closed).length;
    try {
      for (let at = 0; at < 280; at++) await open();
      expect(statusOf(await health())).toBe(200);
      expect(closed()).toBe(0);
      await Promise.all(Array.from({ length: 60 }, open));
      // A socket that takes nothing does not see its end.
      for (const socket of sockets) socket.resume();
      await expect.poll(closed).toBeGreaterThanOrEqual(30);
      expect(closed()).toBeLessThanOrEqual(60);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    await expect.poll(async () => statusOf(await health())).toBe(200);
    await idle.close();
  });

  describe('bodies that begin and do not go on', () => {
    /** Begins a body of 4 MiB, the longest that is taken as JSON; 64 of them are all that there is memory for. */
    async function begin(key: string): Promise<Socket> {
      const socket = await openConnection(patient.url);
      const lines = {
        host: new URL(patient.url).host,
        'x-api-key': key,
        'content-type': 'application/json',
        'content-length': '4194304',
      };
      const head = Object.entries(lines)
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join('');
      socket.write(`POST /query/sql HTTP/1.1\r\n${head}\r\n{`);
      return socket;
    }
    const query = () => patient.api('POST', '/query/sql', { json: { sql: 'SELECT 1 AS n' } });

    it('leave callers with a key half of the memory where they are of strangers', async () => {
      const strangers: Socket[] = [];
      let refused = 0;
      try {
        for (let at = 0; at < 64; at++) {
          const socket = await begin('nobody');
          strangers.push(socket);
          socket.once('data', (bytes: Buffer) => {
            if (statusOf(bytes.toString('latin1')) === 401) refused += 1;
          });
        }
        await expect.poll(() => refused).toBe(32);
        expect((await query()).status).toBe(200);
      } finally {
        for (const socket of strangers) socket.destroy();
      }
    });

    it('leave no room for a form either, whose fields are kept too, and give it back', async () => {
      const form = () => {
        const body =
          '--edge\r\ncontent-disposition: form-data; name="dataset"\r\n\r\nformed\r\n' +
          '--edge\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\nid\n1\n\r\n--edge--\r\n';
        const type = { 'content-type': 'multipart/form-data; boundary=edge' };
        return patient.api('POST', '/ingest/file', { body, headers: type });
      };
      const callers: Socket[] = [];
      try {
        for (let at = 0; at < 80; at++) callers.push(await begin(patient.adminKey));
        await expect.poll(async () => (await query()).status).toBe(503);
        expect((await form()).json.code).toBe('gateway.overloaded');
      } finally {
        for (const socket of callers) socket.destroy();
      }
      await expect.poll(async () => (await query()).status).toBe(200);
      expect((await form()).status).toBe(201);
    });
  });

  it('refuses headers without end', async () => {
    const answer = await exchange(
      server.url,
      requestLines('GET', '/health', { ...headers(), 'x-long': 'a'.repeat(40_000) }),
    );
    expect(statusOf(answer)).toBe(413);
  });
});

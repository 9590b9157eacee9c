import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, connect as openSocket, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect } from 'vitest';
import { createLogger } from '../../src/base/index.ts';
import { configSchema } from '../../src/config/index.ts';
import { createEnginePool, type EngineLease } from '../../src/lake/engine/index.ts';
import { type ConfiguredServer, observed, startConfigured } from './configured-server.ts';
import { keyTest, looksUnder } from './key-test.ts';

const ONE_PROCESS = '[engine]\nprocesses = 1\nsmall_processes = 1\nqueue_length = 0\nspill_limit_mb = 0\n';
const SMALLER = `${ONE_PROCESS}small_query_bytes = 0\nmemory_limit_mb = 64
[ingest]\nmax_expansion = 2\nmemory_limit_mb = 64\n[catalog]\ncache_mb = 0\n[idempotency]\nretention_hours = 1\n`;
const HASTY = `
[server]
request_timeout_ms = 2000
upload_idle_timeout_ms = 1000
slow_reader_timeout_ms = 100
shutdown_grace_ms = 0
max_connections = 40
[engine]
timeout_ms = 2000
[journal]
checkpoint_every_s = 1
`;
const HEAVY = 'SELECT count(*) FROM range(1000000000000) t(a) WHERE a % 7 = 3';
/** Needs some hundred megabytes. */
const WIDE = 'SELECT max(a) AS m FROM (SELECT a FROM range(12000000) t(a) ORDER BY hash(a) LIMIT 11999999)';
/** Shorter than the default of every time tested here: what ends before it ended by the key. */
const PATIENCE_MS = 14_000;

let plain: ConfiguredServer;
let smaller: ConfiguredServer;
let hasty: ConfiguredServer;

beforeAll(async () => {
  plain = await startConfigured(ONE_PROCESS);
  smaller = await startConfigured(SMALLER);
  hasty = await startConfigured(HASTY);
});
afterAll(async () => {
  for (const server of [plain, smaller, hasty]) await server?.close();
});

async function both<T>(look: (server: ConfiguredServer) => Promise<T>): Promise<readonly [T, T]> {
  return [await look(plain), await look(smaller)];
}

/** Fails where the default would still be waiting. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('still waiting, as by default')), PATIENCE_MS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function isBusy(server: ConfiguredServer): Promise<boolean> {
  return /(?:small|query)_busy"?\}? 1/.test((await server.ask('GET', '/metrics')).json);
}

function connected(server: ConfiguredServer): Socket {
  return openSocket(server.port, '127.0.0.1').on('error', () => {});
}

/** Sends the start of a request, and `drip` over and over; answers with all that comes back until the server closes. */
function conversation(server: ConfiguredServer, text: string, drip?: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connected(server);
    let heard = '';
    const timer = drip === undefined ? null : setInterval(() => socket.write(drip), 50);
    socket.on('data', (bytes) => {
      heard += bytes;
    });
    socket.on('close', () => {
      if (timer !== null) clearInterval(timer);
      resolve(heard);
    });
    socket.write(text);
  });
}

function requestHead(server: ConfiguredServer, method: string, path: string, sizeBytes: number): string {
  return (
    `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: ${server.adminKey}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${sizeBytes}\r\n\r\n`
  );
}

keyTest('server.headers_timeout_ms: headers that do not come in time are refused', async () => {
  // On a server of its own: a shorter time for the whole request would also end the headers.
  const heard = await observed('[server]\nheaders_timeout_ms = 100\n', (server) =>
    inTime(conversation(server, 'GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n')),
  );
  expect(heard).toMatch(/^HTTP\/1.1 408/);
});

keyTest('server.request_timeout_ms: a request that does not come in time is refused', async () => {
  const head = requestHead(hasty, 'PUT', '/buckets/default/objects/slow', 1_000_000);
  expect(await inTime(conversation(hasty, head, 'x'))).toContain(' 408');
});

keyTest('server.upload_idle_timeout_ms: an upload that pauses for longer is refused', async () => {
  const head = requestHead(hasty, 'PUT', '/buckets/default/objects/idle', 1_000);
  expect(await inTime(conversation(hasty, `${head}abc`))).toMatch(/^HTTP\/1.1 4/);
});

keyTest('server.slow_reader_timeout_ms: a client that takes nothing is disconnected', async () => {
  const body = JSON.stringify({ sql: "SELECT repeat('x', 1000) AS x FROM range(1000000)", format: 'ndjson' });
  const socket = connected(hasty);
  socket.write(requestHead(hasty, 'POST', '/query/sql', body.length) + body);
  await new Promise((resolve) => socket.once('data', resolve));
  socket.pause();
  const isClosed = async () => {
    const { json } = await hasty.ask('GET', '/access/audit?operation=query.sql');
    return json.rows.some((row: { status: string }) => row.status === 'failed' || row.status === 'cancelled');
  };
  await inTime(until(isClosed));
  socket.destroy();
});

keyTest('server.max_connections: more are closed at once', async () => {
  const sockets = Array.from({ length: 42 }, () => connected(hasty));
  await inTime(Promise.race(sockets.map((socket) => new Promise((resolve) => socket.on('close', resolve)))));
  for (const socket of sockets) socket.destroy();
});

keyTest('engine.timeout_ms: a query that asks for no time runs so long at most', async () => {
  const { json } = await inTime(hasty.sql(HEAVY));
  expect(json.code).toMatch(/timeout/);
});

keyTest('journal.checkpoint_every_s: a checkpoint is signed when so many seconds have passed', async () => {
  const number = async () => (await hasty.ask('GET', '/journal/stats')).json.last_checkpoint?.number ?? 0;
  const before = await number();
  await hasty.ask('PUT', '/buckets/default/objects/a', { body: 'x' });
  await inTime(until(async () => (await number()) > before));
});

keyTest('server.shutdown_grace_ms: requests in flight are cut off after it', async () => {
  const running = hasty.sql(HEAVY, { timeout_ms: 60_000 }).then(
    ({ status }) => status,
    () => 'cut off',
  );
  await until(() => isBusy(hasty));
  await inTime(hasty.stop());
  expect(await running).not.toBe(200);
});

keyTest('log.level: lines of lower levels are not written', async () => {
  const logged = async (level: 'info' | 'fatal') => {
    looksUnder(configSchema.parse({ log: { level } }));
    const command = fileURLToPath(new URL('../../src/cli/lakehouse.ts', import.meta.url));
    const args = [
      '--disable-warning=ExperimentalWarning',
      command,
      'serve',
      '--home',
      hasty.home,
      '--port',
      '0',
    ];
    const child = spawn(process.execPath, args, { env: { ...process.env, LAKEHOUSE_LOG_LEVEL: level } });
    let lines = '';
    child.stderr.on('data', (bytes) => {
      lines += bytes;
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.stdout.once('data', () => child.kill('SIGINT'));
    await ended;
    return lines.includes('truth rules loaded');
  };
  expect([await logged('info'), await logged('fatal')]).toEqual([true, false]);
});

keyTest('server.port: the port listened on', async () => {
  const probe = createServer().listen(0, '127.0.0.2');
  await new Promise((resolve) => probe.once('listening', resolve));
  const address = probe.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await new Promise((resolve) => probe.close(resolve));
  await observed(`[server]\nhost = "127.0.0.2"\nport = ${port}\n`, async (server) => {
    expect(server.url).toBe(`http://127.0.0.2:${port}`);
    expect((await server.ask('GET', '/health')).status).toBe(200);
  });
});

keyTest('server.trusted_proxies: the forwarded address is counted, of callers without a key', async () => {
  const first = async (server: ConfiguredServer) => {
    const statuses = [];
    for (const client of ['10.0.0.1', '10.0.0.1', '10.0.0.2']) {
      const headers = { 'x-api-key': '', 'x-forwarded-for': client };
      statuses.push((await server.ask('GET', '/buckets', { headers })).status);
    }
    return statuses;
  };
  const config = `[auth]\nenabled = false\n[storage]\nmin_free_bytes = 1000000000000000\n
[server]\nrate_limit_per_minute = 1\n`;
  expect(await observed(config, first)).toEqual([200, 429, 429]);
  expect(await observed(`${config}trusted_proxies = ["127.0.0.1"]\n`, first)).toEqual([200, 429, 200]);
});

keyTest('storage.min_free_bytes: nothing is written below it', async () => {
  const config = '[storage]\nmin_free_bytes = 1000000000000000\n[ingest]\ntimeout_ms = 1\n';
  const put = (server: ConfiguredServer) => server.ask('PUT', '/buckets/default/objects/a', { body: 'x' });
  expect((await put(plain)).status).toBe(201);
  expect((await observed(config, put)).status).toBe(507);
});

keyTest('ingest.timeout_ms: reading a file takes so long at most', async () => {
  const rows = Array.from({ length: 100_000 }, (_, row) => `${row},x`).join('\n');
  const ingest = (server: ConfiguredServer) => server.ingest('timed', `a,b\n${rows}\n`);
  expect((await ingest(plain)).status).toBe(201);
  expect((await observed('[ingest]\ntimeout_ms = 1\n', ingest)).json.code).toMatch(/timeout/);
});

keyTest('engine.small_query_bytes: a larger query waits for the lane of large ones', async () => {
  const look = async (server: ConfiguredServer) => {
    await server.ingest('d', 'a\n1\n');
    const stop = new AbortController();
    const body = JSON.stringify({
      sql: `${HEAVY.replace('t(a)', 't(a), d')}`.replace('a %', 't.a %'),
      timeout_ms: 60_000,
    });
    const headers = { 'x-api-key': server.adminKey, 'content-type': 'application/json' };
    const heavy = fetch(`${server.url}/query/sql`, { method: 'POST', body, headers, signal: stop.signal });
    const ended = heavy.catch(() => null);
    await until(() => isBusy(server));
    const { status } = await server.sql('SELECT a FROM d');
    stop.abort();
    await ended;
    return status;
  };
  // Two lanes are open to a small query, one of which is free; a large one finds its only process taken.
  expect(await both(look)).toEqual([200, 429]);
});

keyTest('engine.memory_limit_mb: a query has so much memory', async () => {
  const look = async (server: ConfiguredServer) => (await server.sql(WIDE)).json.code ?? 'answered';
  expect(await both(look)).toEqual(['answered', 'query.memory']);
});

keyTest('ingest.max_expansion: content that expands further is refused', async () => {
  const rows = Array.from({ length: 180_000 }, (_, row) => `${row * 7919},${'abcdefgh'.repeat(12)}`).join(
    '\n',
  );
  const content = gzipSync(`a,b\n${rows}\n`);
  const look = async (server: ConfiguredServer) =>
    (await server.ingest('expanded', content, { file_name: 'rows.csv.gz' })).json.code ?? 'taken';
  expect(await both(look)).toEqual(['taken', 'ingest.expands_too_much']);
});

keyTest('ingest.memory_limit_mb: an ingest has so much memory', async () => {
  // Row groups follow the memory, but the engine reads rows together, and these are long.
  const rows = Array.from({ length: 14 }, (_, row) => `${row},${'abcdefgh'.repeat(640_000)}`);
  const content = `a,b\n${rows.join('\n')}\n`;
  const look = async (server: ConfiguredServer) =>
    (await server.ingest('long', content)).json.code ?? 'taken';
  expect(await both(look)).toEqual(['taken', 'ingest.memory']);
});

keyTest('catalog.cache_mb: parsed metadata is kept in memory', async () => {
  const look = async (server: ConfiguredServer) => {
    await server.ingest('cached', 'a\n1\n');
    await server.sql('SELECT a FROM cached');
    const warehouse = join(server.home, 'warehouse');
    for (const file of await readdir(warehouse, { recursive: true })) {
      if (file.endsWith('.avro')) await rm(join(warehouse, file));
    }
    return (await server.sql('SELECT a FROM cached')).status < 300;
  };
  expect(await both(look)).toEqual([true, false]);
});

keyTest('idempotency.retention_hours: an older key is no longer remembered', async () => {
  const isRemembered = async (server: ConfiguredServer) => {
    const json = { name: 'ann', role: 'admin' };
    const make = () => server.ask('POST', '/access/keys', { json, headers: { 'idempotency-key': 'one' } });
    const first = await make();
    await server.restart(() => {
      const store = new DatabaseSync(join(server.home, 'store', 'lakehouse.db'));
      store.exec('UPDATE idempotency_records SET created_ms = created_ms - 7200000');
      store.close();
    });
    return (await make()).json.key_id === first.json.key_id;
  };
  expect(await both(isRemembered)).toEqual([true, false]);
});

async function withPool<T>(
  engine: Record<string, number>,
  run: (lease: EngineLease) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'lakehouse-config-'));
  const config = configSchema.parse({ engine: { processes: 1, small_processes: 0, ...engine } });
  looksUnder(config);
  const pool = await createEnginePool({
    config,
    folder: join(folder, 'pool'),
    log: createLogger({ level: 'silent' }),
  });
  const signal = new AbortController().signal;
  const files = { readFiles: [], writeFiles: [] };
  const lease = await pool.lease({ lane: 'query', ...files, memoryLimitMb: 64, timeoutMs: 60_000, signal });
  try {
    return await run(lease);
  } finally {
    await lease.release();
    await pool.close();
    await rm(folder, { recursive: true });
  }
}

keyTest('engine.threads: threads of one engine process', async () => {
  const threads = (lease: EngineLease) =>
    lease.query("SELECT current_setting('threads')::INTEGER AS n").then(({ rows }) => rows[0]?.n);
  expect(await withPool({ threads: 1 }, threads)).toBe(1);
  expect(await withPool({ threads: 3 }, threads)).toBe(3);
});

keyTest('engine.spill_limit_mb: a query that outgrows its memory may use so much disk', async () => {
  const sort = (lease: EngineLease) =>
    lease.query(WIDE.replaceAll('12000000', '5000000').replace('11999999', '4999999')).then(
      () => 'answered',
      () => 'refused',
    );
  expect(await withPool({}, sort)).toBe('answered');
  expect(await withPool({ spill_limit_mb: 0 }, sort)).toBe('refused');
});

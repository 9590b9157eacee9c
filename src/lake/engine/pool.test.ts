import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../base/index.ts';
import { configSchema } from '../../config/index.ts';
import type { EngineLease, EnginePool, EngineStream, LeaseRequest } from './index.ts';
import { createEnginePool } from './index.ts';

let home: string;
let pool: EnginePool;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'lakehouse-engine-'));
  pool = await createEnginePool({
    config: configSchema.parse({
      engine: { processes: 1, small_processes: 1, process_memory_mb: 512 },
    }),
    folder: join(home, 'engine'),
    log: createLogger({ level: 'silent' }),
  });
});

afterAll(async () => {
  await pool.close();
  expect(await readdir(home)).not.toContain('engine');
  await rm(home, { recursive: true, force: true });
});

function request(changes: Partial<LeaseRequest> = {}): LeaseRequest {
  return {
    lane: 'query',
    readFiles: [],
    writeFiles: [],
    memoryLimitMb: 256,
    timeoutMs: 20_000,
    signal: new AbortController().signal,
    ...changes,
  };
}

async function using<T>(
  changes: Partial<LeaseRequest>,
  run: (lease: Awaited<ReturnType<EnginePool['lease']>>) => Promise<T>,
) {
  const lease = await pool.lease(request(changes));
  try {
    return await run(lease);
  } finally {
    await lease.release();
  }
}

async function text(stream: EngineStream): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of stream.chunks) parts.push(chunk);
  return Buffer.concat(parts).toString('utf8');
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no error',
    (error) => error.code ?? String(error),
  );
}

/** Fails under interrupt only: no memory, no end in sight. */
const LONG = 'SELECT count(*) FROM range(100000000000) a(x) WHERE hash(x) = 1';

describe('engine pool', () => {
  it('answers a small result with lossless JSON values', async () => {
    const { columns, rows } = await using({}, (lease) =>
      lease.query(
        "SELECT 1 AS a, 9007199254740993 AS b, 1.50::DECIMAL(5,2) AS c, 'nan'::DOUBLE AS d, {'k': [9007199254740993, 2]} AS e, $1 AS f",
        ['x'],
      ),
    );
    expect(rows).toEqual([
      { a: 1, b: '9007199254740993', c: '1.50', d: null, e: { k: ['9007199254740993', 2] }, f: 'x' },
    ]);
    expect(columns[1]).toEqual({ name: 'b', type: 'BIGINT' });
  });

  it('streams JSON lines whose numbers every parser keeps', async () => {
    const sql = `SELECT 9007199254740993 AS big, -5::BIGINT AS small, 'inf'::FLOAT AS f, [1.5::DOUBLE, 'nan'] AS fs,
      {'a': 10::HUGEINT, 'b': [{'c': 0.10::DECIMAL(4,2)}]} AS s, MAP {'k': 18446744073709551615::UBIGINT} AS m,
      'a"b' || chr(10) || 'c' AS t, NULL AS n, to_json({'x': 'nan'::DOUBLE}) AS j, [[9007199254740993]] AS ll,
      union_value(u := 9007199254740993) AS un, DATE '2020-02-03' AS "d""q", 1 AS a, 2 AS a, 3 AS "A"`;
    const { columns, lines } = await using({}, async (lease) => {
      const stream = await lease.stream(sql, [], 'ndjson');
      const body = await text(stream);
      expect(stream.rowCount()).toBe(1);
      return { columns: stream.columns, lines: body.trimEnd().split('\n') };
    });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      big: '9007199254740993',
      small: -5,
      f: null,
      fs: [1.5, null],
      s: { a: 10, b: [{ c: '0.10' }] },
      m: { k: '18446744073709551615' },
      t: 'a"b\nc',
      n: null,
      j: '{"x":NaN}',
      ll: [['9007199254740993']],
      un: { u: '9007199254740993' },
      'd"q': '2020-02-03',
      a: 1,
      a_1: 2,
      A_2: 3,
    });
    expect(columns.map(({ name }) => name)).toContain('d"q');
  });

  it.each([
    ['csv', 'a,b\n1,"x,y"\n'],
    ['ndjson', '{"a":1,"b":"x,y"}\n'],
  ] as const)('streams %s', async (format, expected) => {
    const body = await using({}, async (lease) =>
      text(await lease.stream('SELECT $n AS a, $t AS b', { n: 1, t: 'x,y' }, format)),
    );
    expect(body).toBe(expected);
  });

  it('writes what has parts into CSV as JSON, and leaves nothing where there is none', async () => {
    const sql =
      "SELECT [1, NULL] AS l, [1, 2]::INTEGER[2] AS a, {'x': 0.10, 'y': 'v\"''1'} AS s, MAP {'k': 9007199254740993} AS m, " +
      "union_value(u := 1) AS un, CAST(NULL AS STRUCT(x INTEGER)) AS n, CAST(NULL AS INTEGER[]) AS nl, 'a' AS t";
    const body = await using({}, async (lease) => text(await lease.stream(sql, [], 'csv')));
    expect(body).toBe(
      `l,a,s,m,un,n,nl,t\n"[1,null]","[1,2]","{""x"":""0.10"",""y"":""v\\""'1""}","{""k"":""9007199254740993""}","{""u"":1}",,,a\n`,
    );
  });

  it('streams an empty result, and Parquet that reads back', async () => {
    expect(await using({}, async (l) => text(await l.stream('SELECT 1 AS a LIMIT 0', [], 'ndjson')))).toBe(
      '',
    );
    const parquet = await using({}, async (lease) => {
      const parts: Uint8Array[] = [];
      const stream = await lease.stream('SELECT i AS i FROM range(100000) r(i)', [], 'parquet');
      for await (const chunk of stream.chunks) parts.push(chunk);
      expect(stream.rowCount()).toBe(100_000);
      return Buffer.concat(parts);
    });
    const file = join(home, 'out.parquet');
    await writeFile(file, parquet);
    const { rows } = await using({ readFiles: [file] }, (lease) =>
      lease.query(`SELECT count(*) AS n, sum(i) AS s FROM read_parquet('${file}')`),
    );
    expect(rows).toEqual([{ n: 100_000, s: 4_999_950_000 }]);
  });

  it('keeps the order of a sorted query while it streams many rows', async () => {
    const body = await using({}, async (lease) =>
      text(await lease.stream('SELECT i FROM range(300000) r(i) ORDER BY (i * 7919) % 300007', [], 'ndjson')),
    );
    const values = body
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line).i * 7919) % 300_007);
    expect(values).toEqual(values.toSorted((a, b) => a - b));
  });

  it('runs on one thread where the work is small, and else on those of the settings', async () => {
    const threads = (lease: EngineLease) =>
      lease.query("SELECT current_setting('threads')::INTEGER AS n").then(({ rows }) => rows[0]?.n);
    expect(await using({ oneThread: true }, threads)).toBe(1);
    expect(await using({}, threads)).toBe(2);
  });

  it('runs no second statement of a text, also where its columns are known', async () => {
    const out = join(home, 'second.csv');
    const closing = `SELECT 1) AS r(c0)) TO '${out}' (FORMAT csv); COPY (SELECT c0 FROM (SELECT 2`;
    await using({}, async (lease) => text(await lease.stream('SELECT 1 AS a', [], 'csv', 'one column')));
    const streaming = using({ writeFiles: [out] }, async (lease) =>
      text(await lease.stream(closing, [], 'csv', 'one column')),
    );
    expect(await codeOf(streaming)).toBe('engine.invalid_input');
    expect(await readdir(home)).not.toContain('second.csv');
  });

  it('reaches the named files and nothing else', async () => {
    const allowed = join(home, 'allowed.csv');
    const hidden = join(home, 'hidden.csv');
    const out = join(home, 'written.csv');
    await writeFile(allowed, 'a\n1\n');
    await writeFile(hidden, 'a\n2\n');
    await using({ readFiles: [allowed], writeFiles: [out] }, async (lease) => {
      expect((await lease.query(`SELECT * FROM read_csv('${allowed}')`)).rows).toEqual([{ a: 1 }]);
      await lease.query(`COPY (SELECT 1 AS a) TO '${out}'`);
      for (const sql of [
        `SELECT * FROM read_csv('${hidden}')`,
        `SELECT * FROM read_csv('${home}/*.csv')`,
        `SELECT * FROM '${hidden}'`,
        `SELECT * FROM read_text('/etc/passwd')`,
        `SELECT * FROM glob('${home}/*')`,
        `COPY (SELECT 1) TO '${home}/other.csv'`,
        `ATTACH '${home}/other.db'`,
        'INSTALL httpfs',
        'LOAD httpfs',
        "SET allowed_paths = ['/etc/passwd']",
        'SET enable_external_access = true',
        "SET memory_limit = '8GB'",
        'RESET memory_limit',
        "SET temp_directory = '/tmp'",
        'SET threads = 8',
      ]) {
        expect(await codeOf(lease.query(sql)), sql).toMatch(
          /^engine\.(file_refused|unknown_name|invalid_input)$/,
        );
      }
    });
  });

  it('stops a query at its timeout and serves the next one', async () => {
    expect(await codeOf(using({ timeoutMs: 100 }, (lease) => lease.query(LONG)))).toBe('engine.timeout');
    expect(
      await codeOf(using({ timeoutMs: 100 }, async (l) => text(await l.stream(LONG, [], 'ndjson')))),
    ).toBe('engine.timeout');
    expect((await using({}, (lease) => lease.query('SELECT 1 AS a'))).rows).toEqual([{ a: 1 }]);
  });

  it('stops a query whose signal is aborted, also one whose reader takes nothing', async () => {
    const abort = new AbortController();
    const running = codeOf(using({ signal: abort.signal }, (lease) => lease.query(LONG)));
    setImmediate(() => abort.abort());
    expect(await running).toBe('engine.cancelled');
    const other = new AbortController();
    const code = await codeOf(
      using({ signal: other.signal }, async (lease) => {
        const stream = await lease.stream(
          "SELECT i, repeat('x', 1000) FROM range(1000000) r(i)",
          [],
          'ndjson',
        );
        for await (const _ of stream.chunks) other.abort();
      }),
    );
    expect(code).toBe('engine.cancelled');
  });

  it('stops a query that is aborted before it begins without killing its process', async () => {
    const { killed } = pool.stats();
    for (let round = 0; round < 5; round++) {
      const abort = new AbortController();
      const running = codeOf(using({ signal: abort.signal }, (lease) => lease.query(LONG)));
      setImmediate(() => abort.abort());
      expect(await running).toBe('engine.cancelled');
    }
    expect(pool.stats().killed).toBe(killed);
  });

  it.each([
    ['aborted', 'engine.cancelled'],
    ['out of time', 'engine.timeout'],
  ])(
    'gives the process of a lease that is %s to the next one, whatever its holder waits for',
    async (how, code) => {
      const { killed } = pool.stats();
      const aborted = new AbortController();
      const stopped = await pool.lease(
        request(how === 'aborted' ? { signal: aborted.signal } : { timeoutMs: 2_000 }),
      );
      const stream = await stopped.stream('SELECT range AS n FROM range(100000000)', [], 'ndjson');
      const chunks = stream.chunks[Symbol.asyncIterator]();
      await chunks.next();
      // There is one process for this lane, and it has not been given back.
      const next = pool.lease(request());
      if (how === 'aborted') aborted.abort();
      const lease = await next;
      const answer = await lease.stream('SELECT range AS n FROM range(100000)', [], 'ndjson');
      // What the holder of the stopped one still tries touches neither the process nor its pipe.
      expect(await codeOf(stopped.stream('SELECT 1 AS n', [], 'ndjson'))).toBe(code);
      expect(await codeOf(chunks.next())).toBe(code);
      await stopped.release();
      expect((await text(answer)).split('\n')).toHaveLength(100_001);
      await lease.release();
      expect(pool.stats()).toMatchObject({ query_busy: 0, killed });
    },
  );

  it('stops a stream that is given up before its first byte without killing its process', async () => {
    const { killed } = pool.stats();
    for (let round = 0; round < 5; round++) {
      const abort = new AbortController();
      const lease = await pool.lease(request({ signal: abort.signal }));
      const stream = await lease.stream('SELECT range AS n FROM range(100000000)', [], 'ndjson');
      // The columns are known, and the engine is about to open the pipe.
      if (round % 2 === 0) abort.abort();
      else await stream.chunks[Symbol.asyncIterator]().return?.();
      await lease.release();
    }
    expect(pool.stats()).toMatchObject({ query_busy: 0, killed });
  });

  it('gives the process back when a reader leaves a stream early', async () => {
    await using({}, async (lease) => {
      const stream = await lease.stream('SELECT i FROM range(100000000) r(i)', [], 'ndjson');
      for await (const _ of stream.chunks) break;
    });
    expect((await using({}, (lease) => lease.query('SELECT 1 AS a'))).rows).toEqual([{ a: 1 }]);
  });

  it('fails only the query that outgrows its memory', async () => {
    expect(await codeOf(using({}, (lease) => lease.query('SELECT len(range(400000000))')))).toBe(
      'engine.memory',
    );
    expect((await using({}, (lease) => lease.query('SELECT 1 AS a'))).rows).toEqual([{ a: 1 }]);
  });

  it('answers busy when the queue is full, and queue_timeout to who waits too long', async () => {
    // A pool of its own: the others wait as long as a busy machine takes to start a process anew.
    const hasty = await createEnginePool({
      config: configSchema.parse({
        engine: { processes: 1, small_processes: 0, queue_length: 1, queue_timeout_ms: 1_000 },
      }),
      folder: join(home, 'hasty'),
      log: createLogger({ level: 'silent' }),
    });
    const first = await hasty.lease(request());
    const second = codeOf(hasty.lease(request()));
    const third = await hasty.lease(request()).then(
      () => null,
      (error) => error,
    );
    expect(third.code).toBe('engine.busy');
    expect(third.data.retry_after_s).toBeGreaterThan(0);
    expect(await second).toBe('engine.queue_timeout');
    await first.release();
    await hasty.close();
  });

  it('lets a small query use a free process of the query lane', async () => {
    const first = await pool.lease(request({ lane: 'small' }));
    const second = await pool.lease(request({ lane: 'small' }));
    expect((await second.query('SELECT 2 AS a')).rows).toEqual([{ a: 2 }]);
    await Promise.all([first.release(), second.release()]);
  });

  it('starts each lease on a fresh instance', async () => {
    await using({}, (lease) => lease.query('CREATE TEMP TABLE secret AS SELECT 1 AS a'));
    expect(await codeOf(using({}, (lease) => lease.query('SELECT * FROM secret')))).toBe(
      'engine.unknown_name',
    );
  });
});

describe('parser', () => {
  const signal = new AbortController().signal;

  it('keeps integers of any size', async () => {
    expect(await pool.parse('SELECT 18446744073709551615', signal)).toContain('18446744073709551615');
  });

  it('names the position of a syntax error', async () => {
    const error = await pool.parse('SELECT a\nFROM t WHERE WHERE', signal).catch((e) => e);
    expect([error.code, error.data]).toEqual(['engine.syntax', { line: 2, column: 14, position: 22 }]);
  });

  it.each([
    ['INSERT INTO t VALUES (1)', 'engine.not_a_query'],
    ['EXPLAIN SELECT 1', 'engine.not_a_query'],
    [`SELECT ${'- '.repeat(50_000)}1`, 'engine.too_complex'],
    [`SELECT ${'1+'.repeat(50_000)}1`, 'engine.too_complex'],
  ])('refuses %.30s', async (sql, code) => {
    expect(await codeOf(pool.parse(sql, signal))).toBe(code);
  });

  it('answers each of many calls at once with its own statement, also past a failed one', async () => {
    const names = Array.from({ length: 60 }, (_, at) => `column_${at}`);
    const answers = await Promise.all(
      names.map(async (name, at) => {
        if (at % 7 === 0) return codeOf(pool.parse(`SELECT ${name} FROM WHERE`, signal));
        return (await pool.deparse(await pool.parse(`SELECT ${name} FROM t`, signal), signal)).sql;
      }),
    );
    expect(answers).toEqual(
      names.map((name, at) => (at % 7 === 0 ? 'engine.syntax' : `SELECT ${name} FROM t`)),
    );
  });

  it('turns an AST back into text, with what that text parses to', async () => {
    const ast = await pool.parse('SELECT a FROM t', signal);
    const back = await pool.deparse(ast, signal);
    expect(back.sql).toBe('SELECT a FROM t');
    expect(JSON.parse(back.ast).statements).toHaveLength(1);
  });
});

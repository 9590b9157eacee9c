import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type ChildServer,
  makeTestHome,
  SMALL_ENGINE,
  startChild,
  type TestHome,
} from '../faults/child-server.ts';
import type { ApiAnswer } from '../harness/server.ts';

// K-11, K-3: after a whole session, requests that fail among them, no secret of a key and no row value stands anywhere
// but where it belongs: rows in data files and in answers that were allowed to hold them.

/** A value that only rows hold. Callers never send it but inside the file. */
const ROW_CANARY = 'canary7c1f';
/** A value of a statement: kept for auditors, and nowhere else. */
const SQL_CANARY = 'statement9d2e';

let home: TestHome;
let server: ChildServer;
let analyst: string;
const answers: { what: string; answer: ApiAnswer; mayHoldRows: boolean }[] = [];
const secrets: string[] = [];

const csv = (rows: string) => `id,name,email,pay\n${rows}`;

async function call(
  what: string,
  method: string,
  path: string,
  options: Parameters<ChildServer['api']>[2] = {},
  mayHoldRows = false,
): Promise<ApiAnswer> {
  const answer = await server.api(method, path, options);
  answers.push({ what, answer, mayHoldRows });
  return answer;
}

const sql = (what: string, text: string, mayHoldRows: boolean, key = analyst, more: object = {}) =>
  call(what, 'POST', '/query/sql', { key, json: { sql: text, ...more } }, mayHoldRows);

beforeAll(async () => {
  home = await makeTestHome({ config: `${SMALL_ENGINE}[log]\nlevel = "trace"\n` });
  server = await startChild({ home });
  secrets.push(secretOf(home.adminKey));
  await session();
}, 120_000);
afterAll(async () => {
  await server.kill();
  await home.remove();
});

/** What people do with it in a day, and what goes wrong. */
async function session(): Promise<void> {
  const rows = `1,${ROW_CANARY},${ROW_CANARY}@example.com,100\n2,bob,bob@example.org,200\n`;
  const headers = { 'content-type': 'text/csv' };
  const ingest = '/ingest/file?dataset=staff&mode=append&file_name=staff.csv';
  await call('ingest', 'POST', ingest, { body: csv(rows), headers });
  await call('ingest again', 'POST', ingest, { body: csv(rows), headers });
  await call('ragged', 'POST', ingest, { body: csv(`1,${ROW_CANARY}\n`), headers });
  await call('another type', 'POST', ingest, {
    body: csv(`x,${ROW_CANARY},a@b.cd,${ROW_CANARY}\n`),
    headers,
  });
  await call('set aside', 'POST', `${ingest}&on_error=quarantine`, {
    body: csv(`3,ann,a@b.cd,${ROW_CANARY}\n4,eve,e@b.cd,7\n`),
    headers,
  });
  await call('no file of its kind', 'POST', ingest.replace('.csv', '.parquet'), {
    body: `PAR1${ROW_CANARY}`,
  });
  await call('object', 'PUT', '/buckets/default/objects/o.txt', { body: ROW_CANARY });
  await call('policy', 'PUT', '/access/policies', {
    json: {
      roles: {
        admin: { permissions: ['system.admin'] },
        analyst: { grants: [{ dataset: 'staff', actions: ['read'] }] },
      },
      masks: [
        { dataset: 'staff', column: 'email', method: 'hash', except_roles: ['admin'] },
        { dataset: 'staff', column: 'name', method: 'redact', except_roles: ['admin'] },
      ],
      row_filters: [],
    },
  });
  analyst = await newKey('analyst');
  await sql('rows', 'SELECT * FROM staff', true, home.adminKey);
  await sql('masked', 'SELECT * FROM staff', false);
  await sql('compared', `SELECT count(*) AS n FROM staff WHERE name = '${SQL_CANARY}'`, false);
  await sql('parameter', 'SELECT count(*) AS n FROM staff WHERE name = $1', false, analyst, {
    params: [SQL_CANARY],
  });
  await sql('cast', 'SELECT name::INTEGER FROM staff', false, home.adminKey);
  await sql('error', 'SELECT error(name) FROM staff', false, home.adminKey);
  await sql('overflow', 'SELECT (pay * 100000000000000000)::TINYINT FROM staff', false, home.adminKey);
  await sql('pattern', "SELECT regexp_matches('a', name || '(') FROM staff", false, home.adminKey);
  await sql('date', "SELECT strptime(name, '%Y') FROM staff", false, home.adminKey);
  await sql('malformed', `SELECT FROM WHERE ${SQL_CANARY} FROM`, false);
  await sql('unknown', `SELECT * FROM ${SQL_CANARY}`, false);
  const rotated = await call('rotate', 'POST', `/access/keys/${analyst.split('_')[2]}/rotate`);
  expect(keyIn(rotated)).not.toBeNull();
  await call('wrong key', 'GET', '/access/me', {
    key: `${analyst.slice(0, -1)}${analyst.endsWith('0') ? '1' : '0'}`,
  });
  await call('as bearer', 'GET', '/access/me', {
    key: null,
    headers: { authorization: `Bearer ${analyst}` },
  });
  await call('key in the address', 'GET', `/access/me?api_key=${analyst}`, { key: null });
  await call('same effect', 'POST', '/access/keys', {
    json: { name: 'twice', role: 'analyst' },
    headers: { 'idempotency-key': 'k' },
  });
  const replayed = await call('replayed', 'POST', '/access/keys', {
    json: { name: 'twice', role: 'analyst' },
    headers: { 'idempotency-key': 'k' },
  });
  expect(replayed.json.key).toBeUndefined();
  for (const { answer } of answers) {
    const key = keyIn(answer);
    if (key !== null) secrets.push(secretOf(key));
  }
  for (const path of [
    '/access/keys',
    '/access/audit?limit=500',
    '/journal/events?limit=500',
    '/journal/stats',
    '/metrics',
    '/ingest',
    '/catalog/datasets/by-name/staff',
    '/openapi.json',
    '/access/me',
  ]) {
    await call(path, 'GET', path);
  }
  expect(new Set(secrets).size).toBeGreaterThanOrEqual(4);
}

async function newKey(role: string): Promise<string> {
  const { key } = (await call('key', 'POST', '/access/keys', { json: { name: role, role } })).json;
  return key;
}

/** The part of a key that nobody else may know: what stands after its id. */
const secretOf = (key: string): string => key.split('_').slice(3).join('_');

/** The key that an answer hands out. */
const keyIn = ({ json }: ApiAnswer): string | null =>
  typeof json?.key === 'string' && json.key.startsWith('lh_') ? json.key : null;

/** Key material of the home, in the forms it could leak in. */
async function keyMaterial(): Promise<string[]> {
  const names = await readdir(join(home.home, 'keys'));
  const texts = await Promise.all(names.map((name) => readFile(join(home.home, 'keys', name), 'utf8')));
  const found = texts.flatMap((text) => text.match(/[0-9a-f]{32,}|[A-Za-z0-9+/]{40,}={0,2}/g) ?? []);
  expect(found.length).toBeGreaterThanOrEqual(names.length);
  return found.flatMap((text) =>
    /^[0-9a-f]+$/.test(text) ? [text, Buffer.from(text, 'hex').toString('base64').slice(0, 40)] : [text],
  );
}

test('the session reached its operations, those that fail among them', () => {
  const failed = answers.filter(({ answer }) => answer.status >= 400);
  expect(failed.length).toBeGreaterThan(8);
  expect(answers.filter(({ answer }) => answer.status >= 500).map(({ what }) => what)).toEqual([]);
  const rows = answers.find(({ what }) => what === 'rows');
  expect(rows?.answer.text).toContain(ROW_CANARY);
});

test('no answer shows a secret, but the one that makes it', async () => {
  const material = await keyMaterial();
  for (const { what, answer } of answers) {
    const made = keyIn(answer);
    const own = made === null ? null : secretOf(made);
    const text = `${answer.text}\n${[...answer.headers].join('\n')}`;
    const shown = [...secrets, ...material].filter((secret) => secret !== own && text.includes(secret));
    expect(shown, what).toEqual([]);
  }
});

test('no answer shows a row value, but rows to those who may see them', () => {
  for (const { what, answer, mayHoldRows } of answers) {
    if (!mayHoldRows) expect(`${answer.text}${[...answer.headers].join()}`, what).not.toContain(ROW_CANARY);
  }
});

test('a refusal never repeats the statement, and only the audit keeps it', () => {
  for (const { what, answer } of answers) {
    if (what.startsWith('/access/audit')) expect(answer.text).toContain(SQL_CANARY);
    else if (what !== 'malformed' && what !== 'unknown') expect(answer.text, what).not.toContain(SQL_CANARY);
  }
});

test('nothing of it is in the log, at its most talkative', async () => {
  const log = server.output();
  expect(log.length).toBeGreaterThan(1_000);
  for (const secret of [...secrets, ...(await keyMaterial()), ROW_CANARY, SQL_CANARY]) {
    expect(log.includes(secret), `in the log: ${secret.slice(0, 12)}`).toBe(false);
  }
});

test('the store holds no secret and no row value, and statements in its audit alone', async () => {
  const store = new DatabaseSync(join(home.home, 'store', 'lakehouse.db'), { readOnly: true });
  const material = await keyMaterial();
  const found: string[] = [];
  const names = store.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  for (const { name } of names) {
    for (const row of store.prepare(`SELECT * FROM "${name}"`).all()) {
      for (const [column, value] of Object.entries(row)) {
        const text = String(value);
        const where = `${name}.${column}`;
        if ([...secrets, ...material, ROW_CANARY].some((one) => text.includes(one))) found.push(where);
        if (text.includes(SQL_CANARY) && name !== 'audit_rows') found.push(where);
      }
    }
  }
  store.close();
  expect([...new Set(found)]).toEqual([]);
});

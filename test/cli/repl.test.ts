import { Readable, Writable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApiClient } from '../../src/cli/api-client.ts';
import { runRepl } from '../../src/cli/sql/repl.ts';
import { createTerminal } from '../../src/cli/terminal.ts';
import { startTestServer, type TestServer } from '../harness/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await server.api('POST', '/ingest/file?dataset=people', {
    body: 'id,email\n1,mara@example.org\n2,omar@example.org\n',
  });
});
afterAll(() => server.close());

async function session(...lines: readonly string[]): Promise<string> {
  let text = '';
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  const stdin = Readable.from(lines.map((line) => `${line}\n`));
  const terminal = createTerminal({ stdin, stdout, stderr: stdout, environment: {} });
  const api = createApiClient({ url: server.url, apiKey: server.adminKey, delegationToken: null, fetch });
  const history = { read: () => [], write: () => {} };
  await runRepl({ terminal, api, limitRows: 100, history });
  return text;
}

it('runs statements over several lines, describes what is granted, and survives mistakes', async () => {
  const text = await session(
    '\\d',
    '\\d people',
    '\\d nothing',
    'SELEC 1;',
    'SELECT count(*) AS people',
    'FROM people;',
    'SELECT 20 + 1 AS a; SELECT 20 + 2 AS b;',
    '\\nonsense',
    '\\q',
    'SELECT 99 AS never;',
  );
  expect(text).toMatch(/as admin \(admin\): 1 dataset/);
  expect(text).toMatch(/people +│ read, write, delete, admin/);
  expect(text).toMatch(/email +│ string +│ pii\.email/);
  expect(text).toContain('There is no dataset nothing');
  expect(text).toContain('query.syntax');
  expect(text).toMatch(/people\s+─+\s+2/);
  expect(text).toMatch(/\b21\b[\s\S]*\b22\b/);
  expect(text).toContain('\\h lists what there is');
  expect(text).not.toContain('never');
});

it('understands what other prompts call help, tables, columns and the end', async () => {
  const text = await session('help', 'SHOW TABLES;', 'describe people;', 'exit;', 'SELECT 99 AS never;');
  expect(text).toContain('the datasets you may read');
  expect(text).toMatch(/people +│ read, write, delete, admin/);
  expect(text).toMatch(/email +│ string +│ pii\.email/);
  expect(text).not.toContain('query.');
  expect(text).not.toContain('never');
});

it('takes such a word for SQL inside a statement', async () => {
  expect(await session('SELECT 7 AS', 'help', ';', '\\q')).toMatch(/help\s+─+\s+7/);
});

it('goes on where the key ends or the answer breaks off in the middle', async () => {
  const { key, keyId } = await server.key('admin', {}, 'short');
  let text = '';
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  const cut = () =>
    new Response(new ReadableStream({ start: (control) => control.error(new TypeError('terminated')) }));
  // What is typed next waits for the answer: the prompt reads ahead.
  const answered = async (words: RegExp) => {
    while (!words.test(text)) await new Promise((resolve) => setImmediate(resolve));
  };
  let isCut = false;
  const api = createApiClient({
    url: server.url,
    apiKey: key,
    delegationToken: null,
    fetch: async (...request) => (isCut ? cut() : fetch(...request)),
  });
  async function* typed() {
    yield 'SELECT 41 + 1 AS before;\n';
    await answered(/42/);
    await server.api('DELETE', `/access/keys/${keyId}`);
    yield '\\d\n';
    yield 'SELECT 1 AS refused;\n';
    await answered(/unauthenticated[\s\S]*unauthenticated/);
    isCut = true;
    yield 'SELECT 2 AS cut;\n';
    yield '\\h\n';
  }
  const stdin = Readable.from(typed());
  const terminal = createTerminal({ stdin, stdout, stderr: stdout, environment: {} });
  const history = { read: () => [], write: () => {} };
  await runRepl({ terminal, api, limitRows: 100, history });
  expect(text).toContain('42');
  expect(text.match(/access\.unauthenticated/g)).toHaveLength(2);
  expect(text).toContain('cli.answer_broke_off');
  expect(text).toContain('Tab          completes');
});

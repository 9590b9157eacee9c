import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ScrumRepository, scrumRepository } from '../../src/cli/scrum/scrum-repository.fixture.ts';
import { lakehouse } from '../harness/command-line.ts';
import { startTestServer } from '../harness/server.ts';
import { type ScrumServer, startScrumServer } from '../scrum/scrum-server.ts';
import { reply } from '../support/scripted-provider/scripted-reply.ts';
import { type Asked, type Opinion, readings, reviewBy } from './reviewing-model.ts';

// What ends a run before it is done, and that the next one goes on where it stood.

const PROGRAM = fileURLToPath(new URL('../../src/cli/lakehouse.ts', import.meta.url));
const PATHS = ['src/a.ts', 'src/b.ts', 'src/c.ts', 'src/d.ts'];

let repository: ScrumRepository;
const servers: { close(): Promise<void> }[] = [];
beforeEach(() => {
  repository = scrumRepository();
  repository.commit(Object.fromEntries(PATHS.map((path, at) => [path, `export const n${at} = ${at};\n`])));
});
afterEach(async () => {
  repository.remove();
  for (const server of servers.splice(0)) await server.close();
});

async function startServer(options: Parameters<typeof startScrumServer>[0] = {}): Promise<ScrumServer> {
  const provider = 'headers_timeout_ms = 60000\nidle_timeout_ms = 60000';
  const lake = await startScrumServer({ provider, ...options });
  servers.push(lake);
  return lake;
}

function run(lake: ScrumServer, args: readonly string[] = [], interrupted?: AbortSignal) {
  return lakehouse(
    ['scrum', 'run', repository.folder, '--parallel', '1', '--url', lake.server.url, ...args],
    {
      environment: { LAKEHOUSE_API_KEY: lake.server.adminKey },
      ...(interrupted === undefined ? {} : { interrupted }),
    },
  );
}

/** Holds the first answer about a file until it is let go. */
function holding(path: string) {
  const [asked, letGo] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let isHeld = false;
  return {
    asked: asked.promise,
    letGo: letGo.resolve,
    opinionOn(one: Asked): Opinion {
      if (one.path !== path || isHeld) return { score: 7 };
      isHeld = true;
      asked.resolve();
      return { score: 7, says: reply({ held: { part: 'head', until: letGo.promise } }) };
    },
  };
}

test('a client that is killed in the middle leaves an iteration that the next one finishes, no row asked for twice', async () => {
  const lake = await startServer();
  const third = holding('src/c.ts');
  const asked = reviewBy(lake.upstream, third.opinionOn);
  const child = spawn(
    process.execPath,
    [PROGRAM, 'scrum', 'run', repository.folder, '--parallel', '1', '--url', lake.server.url],
    { env: { LAKEHOUSE_API_KEY: lake.server.adminKey, PATH: process.env.PATH }, stdio: 'ignore' },
  );
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await third.asked;
  child.kill('SIGKILL');
  await ended;
  third.letGo();

  const { stdout, stderr, exitCode } = await run(lake);
  expect(stderr).toContain('Iteration 1 was not finished and goes on: 2 of 4 files need no review any more.');
  expect(stdout).toContain('iteration 1: 2 files reviewed, 2 files kept');
  expect(exitCode).toBe(0);
  expect(['src/a.ts', 'src/b.ts', 'src/d.ts'].map((path) => readings(asked, path))).toEqual([1, 1, 1]);
  const rows = await lake.server.api('POST', '/query/sql', {
    json: { sql: 'SELECT path, iteration FROM kb.reviews ORDER BY path' },
  });
  expect(rows.json.rows).toEqual(PATHS.map((path) => ({ path, iteration: 1 })));
}, 60_000);

test('Ctrl-C says what is kept, and --fresh begins another iteration', async () => {
  const lake = await startServer();
  const third = holding('src/c.ts');
  const asked = reviewBy(lake.upstream, third.opinionOn);
  const interrupted = new AbortController();
  const running = run(lake, [], interrupted.signal);
  await third.asked;
  interrupted.abort();
  const first = await running;
  third.letGo();
  expect(first.stderr).toContain('2 of 4 files were reviewed, and iteration 1 is kept');
  expect(first.exitCode).toBe(130);

  const fresh = await run(lake, ['--fresh']);
  expect(fresh.stdout).toContain('iteration 2: 4 files reviewed');
  expect(readings(asked, 'src/a.ts')).toBe(2);
}, 60_000);

test('a ceiling that is reached stops the run in the server’s words, and keeps what was done', async () => {
  const ceilings = '[[ceilings]]\nname = "reviews"\nwhen = { task = "scrum" }\nrequests_per_hour = 2\n';
  const lake = await startServer({ ceilings });
  reviewBy(lake.upstream, () => ({ score: 7 }));
  const { stderr, exitCode } = await run(lake);
  expect(stderr).toContain('The ceiling "reviews" has 0');
  expect(stderr).toContain('2 of 4 files were reviewed, and iteration 1 is kept: the same command goes on');
  expect(stderr).toContain('budget.exhausted');
  expect(exitCode).toBe(1);
}, 60_000);

test('what is too much for now is waited for', async () => {
  // One call may be held at a time: it could cost nearly all that the ceiling allows.
  const ceilings = '[[ceilings]]\nname = "narrow"\nwhen = { task = "scrum" }\nusd_per_hour = 0.005\n';
  const lake = await startServer({ ceilings });
  const first = holding('src/a.ts');
  reviewBy(lake.upstream, first.opinionOn);
  const running = run(lake, ['--parallel', '4']);
  await first.asked;
  const refused = async () => {
    const { json } = await lake.server.api('GET', '/access/audit?operation=models.chat');
    return json.rows.map((one: { code: string | null }) => one.code);
  };
  await expect.poll(refused).toContain('budget.busy');
  first.letGo();
  const { stdout, stderr, exitCode } = await running;
  expect(stderr).toContain('Sent again in 1 s.');
  expect(stdout).toContain('iteration 1: 4 files reviewed');
  expect(exitCode).toBe(0);
}, 60_000);

test('a file that no model could judge is asked for again when the run goes on', async () => {
  const lake = await startServer();
  const second = holding('src/b.ts');
  let isGarbage = true;
  const asked = reviewBy(lake.upstream, (one) =>
    one.path === 'src/a.ts' && isGarbage ? { score: 0, says: reply({ text: 'No.' }) } : second.opinionOn(one),
  );
  const interrupted = new AbortController();
  const running = run(lake, [], interrupted.signal);
  await second.asked;
  interrupted.abort();
  await running;
  second.letGo();
  expect(readings(asked, 'src/a.ts')).toBe(3);

  isGarbage = false;
  const { stdout } = await run(lake, ['--json']);
  const { answers } = JSON.parse(stdout);
  expect(readings(asked, 'src/a.ts')).toBe(4);
  expect(answers.map(({ row }: { row: { verdict: string } }) => row.verdict)).not.toContain('no_verdict');
}, 60_000);

test('a server without a model for it says so itself', async () => {
  const server = await startTestServer();
  servers.push(server);
  const { stderr, exitCode } = await lakehouse(['scrum', 'run', repository.folder, '--url', server.url], {
    environment: { LAKEHOUSE_API_KEY: server.adminKey },
  });
  expect(stderr).toContain('The ladder "scrum" cannot be used');
  expect(exitCode).toBe(4);
}, 60_000);

test('settings come from the environment where the command line leaves them open', async () => {
  const lake = await startServer();
  repository.write({ 'wave.md': '# Wave 7\n\nMend the guards first.\n' });
  const asked = reviewBy(lake.upstream, () => ({ score: 7 }));
  const { exitCode } = await lakehouse(
    ['scrum', 'run', repository.folder, '--max-files', '1', '--url', lake.server.url],
    {
      environment: {
        LAKEHOUSE_API_KEY: lake.server.adminKey,
        LH_SCRUM_FORENSIC: '1',
        LH_SCRUM_PROPOSAL: `${repository.folder}/wave.md`,
      },
    },
  );
  expect(exitCode).toBe(0);
  const [blind, directed] = asked;
  expect(blind?.message).not.toContain('Mend the guards first.');
  expect(directed?.message).toContain('Mend the guards first.');
  const iterations = await lake.server.api('GET', '/scrum/iterations');
  expect(iterations.json.iterations).toMatchObject([{ prompt: 'forensic', files_total: 1 }]);
}, 60_000);

test.each([
  [['--proposal', '/nowhere.md'], 'The proposal "/nowhere.md" cannot be read'],
  [['--include', 'no/such/folder'], 'No source file is left to review'],
  [['--since', 'no-such-ref'], 'Git knows no commit'],
])('%j ends with 2 before anything is sent', async (args, words) => {
  const { stderr, exitCode } = await lakehouse([
    'scrum',
    'run',
    repository.folder,
    '--url',
    'http://127.0.0.1:1',
    ...args,
  ]);
  expect(stderr).toContain(words);
  expect(exitCode).toBe(2);
});

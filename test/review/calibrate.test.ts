import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ScrumRepository, scrumRepository } from '../../src/cli/scrum/scrum-repository.fixture.ts';
import { lakehouse } from '../harness/command-line.ts';
import { type ScrumServer, startScrumServer } from '../scrum/scrum-server.ts';
import { reply } from '../support/scripted-provider/scripted-reply.ts';
import { type Asked, type Opinion, reviewBy } from './reviewing-model.ts';

// R-3 from the command line: defects planted in copies of the repository's own files, and what each model makes of them.

const NAMES = ['key', 'token', 'grant', 'session', 'cookie'];
const moduleOf = (name: string) => `import { timingSafeEqual } from 'node:crypto';

export function isValid(given: string, known: string): boolean {
  const wanted = known.trim();
  if (given.length !== wanted.length) {
    throw new Error('the ${name} has another length');
  }
  return timingSafeEqual(Buffer.from(given), Buffer.from(wanted));
}

export function first(text: string): string {
  const lower = text.toLowerCase();
  return lower.slice(0, 1);
}
`;
const FILES = Object.fromEntries(NAMES.map((name) => [`src/${name}.ts`, moduleOf(name)]));
const BROKEN = /return true;|not implemented|ENABLE_CHECKS &&|\(false\b|===/;

let lake: ScrumServer;
let repository: ScrumRepository;
let asked: readonly Asked[];

const scrum = (...args: string[]) =>
  lakehouse(['scrum', ...args, '--url', lake.server.url], {
    environment: { LAKEHOUSE_API_KEY: lake.server.adminKey, PATH: process.env.PATH ?? '' },
  });
const calibrate = (...args: string[]) => scrum('calibrate', repository.folder, '--defects', '4', ...args);

/** The first model finds what is broken; the second praises all there is; the third gives no answer of use. */
function opinionOn({ model, text }: Asked): Opinion {
  if (model === 'llama') return { score: 0, says: reply({ text: 'Looks good to me!' }) };
  const at = text.split('\n').find((line) => BROKEN.test(line));
  const line = Number(/^\s*(\d+)\|/.exec(at ?? '')?.[1] ?? 0);
  const failure = { kind: 'defect', symbol: '', line, claim: 'It decides nothing any more.' };
  return model === 'gpt-scripted' && line > 0 ? { score: 3, failures: [failure] } : { score: 9 };
}

beforeAll(async () => {
  lake = await startScrumServer();
  repository = scrumRepository();
  repository.commit({ ...FILES, 'README.md': '# Service\n' });
  asked = reviewBy(lake.upstream, opinionOn);
});
afterAll(async () => {
  await lake.close();
  repository.remove();
});

test('shows for each model what it caught, missed and accused, and the trust before and after', async () => {
  const { stdout, stderr, exitCode } = await calibrate();
  expect(stderr).not.toContain('cli.');
  expect(exitCode).toBe(0);
  const row = (model: string) =>
    stdout
      .split('\n')
      .flatMap((line) => (line.includes(model) ? [line.split('│').map((cell) => cell.trim())] : []))[0];
  expect(row('openai/gpt-scripted')?.slice(1)).toEqual([
    '4 of 4',
    '0',
    '0 of 4',
    '0',
    '0.25 → 0.75',
    '0.50 → 0.83',
  ]);
  expect(row('anthropic/claude-scripted')?.slice(1)).toEqual([
    '0 of 4',
    '4',
    '0 of 4',
    '0',
    '0.25 → 0.15',
    '0.50 → 0.17',
  ]);
  expect(row('ollama/llama')?.slice(1)).toEqual(['0 of 0', '0', '0 of 0', '8', '0.25 → 0.05', '0.50 → 0.50']);
  expect(stdout).toContain('4 defects and 4 clean controls of seed 1');
  // Packed as every file is, and read by the blind pass alone.
  expect(asked.every(({ pass }) => pass === 'blind')).toBe(true);
  expect(asked).toHaveLength(8 * 3);
  expect(asked.map(({ message }) => message).join('\n')).not.toMatch(/planted|calibrat|control/i);
  for (const [path, text] of Object.entries(FILES))
    expect(readFileSync(join(repository.folder, path), 'utf8')).toBe(text);
});

test('the same command counts once; another seed plants others', async () => {
  const before = asked.length;
  const again = await calibrate('--json');
  expect(again.json).toMatchObject({ seed: 1, defects: 4, cases: 8, published: false });
  expect(asked).toHaveLength(before);
  const other = await calibrate('--seed', '2', '--json');
  expect(other.json).toMatchObject({ seed: 2, published: true });
  expect(other.json.models[0].before.trust).toBe(again.json.models[0].after.trust);
  expect(asked.length).toBe(before + 8 * 3);
});

test('what cannot be planted is said before anything is asked', async () => {
  const none = await scrum('calibrate', repository.folder, '--include', 'README.md');
  expect(none.stderr).toContain('No defect can be planted');
  expect(none.exitCode).toBe(2);
  const many = await scrum('calibrate', repository.folder, '--defects', '501');
  expect(many.stderr).toContain('--defects must be 1 to 500');
  expect(many.exitCode).toBe(2);
});

test('a calibration that a ceiling stops says what is kept and publishes nothing of the half', async () => {
  const ceilings = '[[ceilings]]\nname = "reviews"\nwhen = { task = "scrum" }\nrequests_per_hour = 4\n';
  const small = await startScrumServer({ ceilings });
  try {
    const few = reviewBy(small.upstream, opinionOn);
    const stopped = await lakehouse(
      [
        'scrum',
        'calibrate',
        repository.folder,
        '--defects',
        '1',
        '--parallel',
        '1',
        '--url',
        small.server.url,
      ],
      { environment: { LAKEHOUSE_API_KEY: small.server.adminKey, PATH: process.env.PATH ?? '' } },
    );
    expect(stopped.stderr).toContain('The ceiling "reviews" has');
    expect(stopped.stderr).toContain('1 of 2 cases were read and are kept: the same command goes on');
    expect(stopped.exitCode).toBe(1);
    const attempts = await small.server.api('GET', '/catalog/datasets/by-name/kb.attempts');
    expect(attempts.status, 'nothing is published of half a calibration').toBe(404);
    expect(few).toHaveLength(4);
  } finally {
    await small.close();
  }
}, 60_000);

import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ScrumRepository, scrumRepository } from '../../src/cli/scrum/scrum-repository.fixture.ts';
import { lakehouse } from '../harness/command-line.ts';
import { type ScrumServer, startScrumServer } from '../scrum/scrum-server.ts';
import { reviewBy } from './reviewing-model.ts';

// from the command line: files that were deleted, emptied, moved or merely left out.

const DEFECT = 'export function pay(amount: number): number {\n  return amount - amount;\n}\n';
const FAILURE = { kind: 'no-effect', symbol: 'pay', line: 2, claim: 'Nothing is ever paid.' };
const PATHS = ['src/deleted.ts', 'src/emptied.ts', 'src/left-out.ts', 'src/moved.ts'];

let lake: ScrumServer;
let repository: ScrumRepository;
beforeEach(async () => {
  lake = await startScrumServer();
  repository = scrumRepository();
  const defects = PATHS.map((path) => [path, DEFECT.replaceAll('amount', path.replaceAll(/\W/g, '_'))]);
  repository.commit({ ...Object.fromEntries(defects), 'src/other.ts': 'export const other = 1;\n' });
  // What once was told is never told again: silence is all that later iterations hear.
  let isTold = true;
  reviewBy(lake.upstream, ({ text }) => ({
    score: 5,
    failures: isTold && text.includes('pay') ? [FAILURE] : [],
  }));
  expect((await scrum('run', repository.folder)).exitCode).toBe(0);
  isTold = false;
});
afterEach(async () => {
  await lake.close();
  repository.remove();
});

function scrum(...args: string[]) {
  return lakehouse(['scrum', ...args, '--url', lake.server.url], {
    environment: { LAKEHOUSE_API_KEY: lake.server.adminKey, PATH: process.env.PATH ?? '' },
  });
}

async function goneBy(...args: string[]): Promise<readonly string[]> {
  expect((await scrum('run', repository.folder, ...args)).exitCode).toBe(0);
  const { json } = await scrum('plan', '--repository', 'team/service', '--json');
  return json.wave.gone.map(({ path }: { path: string }) => path);
}

test('deleted and emptied files end their findings, at the commit that did it; moved code and left-out files end none', async () => {
  const moved = DEFECT.replaceAll('amount', 'src_moved_ts');
  const commit = repository.commit({
    ...{ 'src/deleted.ts': null, 'src/emptied.ts': '\n', 'src/moved.ts': null },
    'src/moved-here.ts': `// It came from elsewhere.\n${moved}`,
  });
  expect(await goneBy('--exclude', 'src/left-out.ts')).toEqual(['src/deleted.ts', 'src/emptied.ts']);
  const { stdout } = await scrum('report', '--repository', 'team/service');
  expect(stdout).toContain('gone with their files, neither fixed nor landed: 2 findings');
  expect(stdout).toContain(`src/deleted.ts at ${commit.slice(0, 12)}: Nothing is ever paid.`);
  const markdown = await scrum('report', '--repository', 'team/service', '--markdown', '-');
  expect(markdown.stdout).toContain('## Gone with their files');
  expect(markdown.stdout).toContain(`\`src/emptied.ts\` at \`${commit}\``);
  const plan = await scrum('plan', '--repository', 'team/service');
  expect(plan.stdout).toContain('2 gone with their files');
}, 60_000);

test('a file is not gone before a commit says so, nor where its code stands in a file that is left out', async () => {
  repository.write({ 'src/deleted.ts': null });
  expect(await goneBy()).toEqual([]);
  repository.commit({
    'src/moved.ts': null,
    'src/moved-here.ts': DEFECT.replaceAll('amount', 'src_moved_ts'),
  });
  expect(await goneBy('--exclude', 'src/moved-here.ts')).toEqual(['src/deleted.ts']);
}, 60_000);

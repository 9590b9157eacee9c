import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AuditedRepository, auditedRepository } from '../audited-repository.fixture.ts';
import { audit } from '../index.ts';

// Claims about options, documents, versions, scripts and lengths: what the change proves, what it contradicts, and what it leaves
// open, which never blocks.

let repository: AuditedRepository;

const manifest = (version: string) =>
  JSON.stringify({ scripts: { lint: 'lint', 'test:unit': 'test' }, dependencies: { left: version } });

beforeAll(() => {
  repository = auditedRepository();
  repository.commit(
    {
      'package.json': manifest('1.4.2'),
      'README.md': '# Service\n',
      'CHANGELOG.md': '# Changelog\n',
      'src/command.ts': "option('--since');\noption('--old');\nroute('/jobs');\n",
      'src/long.ts': 'one();\n'.repeat(40),
    },
    'First',
  );
  repository.commit(
    {
      'package.json': manifest('1.5.0'),
      'README.md': '# Service\nMore.\n',
      'src/command.ts':
        "option('--since');\noption('--baseline <file>');\nenv('SERVICE_TOKEN');\nroute('/jobs');\n",
      'src/long.ts': 'one();\n'.repeat(30),
    },
    'Second',
  );
});
afterAll(() => repository.remove());

test.each([
  ['symbol', 'backed', 'Add `--baseline FILE`.'],
  ['symbol', 'backed', 'Adds --baseline.'],
  ['symbol', 'backed', 'Introduce SERVICE_TOKEN.'],
  ['symbol', 'backed', 'Remove `--old`.'],
  ['symbol', 'not_backed', 'Add `--since`.'],
  ['symbol', 'not_backed', 'Remove `--since`.'],
  ['symbol', 'not_backed', 'Adds GET /jobs.'],
  ['symbol', 'unknown', 'Add `--nowhere`.'],
  ['file', 'backed', 'Update README.'],
  ['file', 'backed', 'Say so in README.md.'],
  ['file', 'backed', 'Update package.json.'],
  ['file', 'not_backed', 'Update the changelog.'],
  ['file', 'not_backed', 'Describe it in the CHANGELOG.'],
  ['file', 'unknown', 'Update the Dockerfile.'],
  ['file', 'unknown', '* docs: update changelog'],
  ['symbol', 'unknown', '* Add `--since`'],
  ['count', 'backed', 'Bump left from 1.4.2 to 1.5.0.'],
  ['count', 'backed', 'chore(deps): upgrade `left` to v1.5.0'],
  ['count', 'not_backed', 'Bump left from 1.4.2 to 1.5.1.'],
  ['count', 'unknown', 'Update left to 2.0.0.'],
  ['count', 'backed', 'src/long.ts shrinks from 40 to 30 lines.'],
  ['count', 'backed', '`src/long.ts` is now 30 lines long.'],
  ['count', 'not_backed', '`src/long.ts` has 55 lines.'],
  ['count', 'unknown', '`src/long.ts` has 12 lines.'],
  ['file', 'backed', 'Checked with npm run lint.'],
  ['file', 'backed', '`npm run test:unit` is green.'],
  ['file', 'not_backed', 'Checked with `npm run typecheck`.'],
  ['file', 'unknown', 'It would fail under npm run typecheck.'],
  ['tests', 'unknown', 'Checked by the tests of the command (52 passed).'],
])('%s, %s: %s', async (kind, verdict, message) => {
  const { rows } = await rowsOf(message);
  expect(rows.filter((row) => row.kind === kind).map((row) => `${row.verdict}: ${row.evidence}`)).toEqual([
    expect.stringMatching(`^${verdict}:`),
  ]);
});

test.each([
  'A reader may pass --since.',
  'Add an example of --since.',
  'Do not remove --since.',
  'Add support for --since to the parser.',
  'README has a section of it.',
  'Fix the README parser.',
  'Say why the changelog is long.',
  'Update left to 2.',
  'It has about 55 lines.',
  'src/long.ts has 55 lines of code less than before.',
])('nothing is contradicted by: %s', async (message) => {
  const { blocking } = await rowsOf(message);
  expect(blocking).toEqual([]);
});

test('that a script is there settles nothing of what its sentence says', async () => {
  const { rows } = await rowsOf('Keys are compared in constant time, as npm run lint shows.');
  expect(rows.map(({ kind, verdict }) => `${kind} ${verdict}`)).toEqual([
    'behaviour unknown',
    'behaviour unknown',
    'file backed',
  ]);
});

test('what git writes of a merge is no claim', async () => {
  const { rows } = await audit(
    { folder: repository.folder, searchPath: process.env.PATH ?? '' },
    repository.restate("Merge branch 'models' into main\n"),
  );
  expect(rows).toEqual([]);
});

test('a step of a squashed change is not contradicted, but for its sums', async () => {
  const said = 'Call `grantEverything` first\n\nIt is in src/none.ts.\n\np50 went 20 → 26 (+7)';
  const squashed = `Do something (#12)\n\n* Begin\n\n* ${said}\n`;
  const verdicts = async (message: string) => {
    const { rows } = await audit(
      { folder: repository.folder, searchPath: process.env.PATH ?? '' },
      repository.restate(message),
    );
    return rows.flatMap(({ kind, verdict }) => (kind === 'behaviour' ? [] : [`${kind} ${verdict}`]));
  };
  expect(await verdicts(`Do something (#12)\n\n${said}\n`)).toEqual([
    'symbol not_backed',
    'file not_backed',
    'arithmetic not_backed',
  ]);
  expect(await verdicts(squashed)).toEqual(['symbol unknown', 'file unknown', 'arithmetic not_backed']);
});

function rowsOf(message: string) {
  return audit(
    { folder: repository.folder, searchPath: process.env.PATH ?? '' },
    repository.restate(`Do something\n\n${message}\n`),
  );
}

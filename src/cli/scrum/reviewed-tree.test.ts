import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileRequest, listedFile } from './file-request.ts';
import type { OpenFinding } from './iteration-client.ts';
import { openReviewedTree, type ReviewedTree, stateOf, type TreeOptions } from './reviewed-tree.ts';
import { type ScrumRepository, scrumRepository } from './scrum-repository.fixture.ts';

let repository: ScrumRepository;
beforeEach(() => {
  repository = scrumRepository();
});
afterEach(() => repository.remove());

const EVERYTHING: TreeOptions = {
  ...{ include: [], exclude: [], languages: [], roles: [], maxFiles: null },
  ...{ since: null, repository: null },
};
const FILES = {
  'package.json': '{ "name": "service", "private": true }\n',
  'src/main.ts': "import { canRead } from './access.ts';\nconsole.log(canRead('jobs'));\n",
  'src/access.ts':
    'export function canRead(name: string) {\n  return name.length > 0;\n}\n\nexport function canWrite(name: string) {\n  return name.length > 1;\n}\n',
  'tool.py': 'def main():\n    return 1\n',
};

function open(options: Partial<TreeOptions> = {}, path = repository.folder): Promise<ReviewedTree> {
  return openReviewedTree(path, { ...EVERYTHING, ...options }, () => {});
}

function requestOf(tree: ReviewedTree, path: string, findings: readonly OpenFinding[] = []) {
  const file = tree.files.find((one) => one.path === path);
  if (file === undefined) throw new Error(`no ${path}`);
  return fileRequest(tree, file, { findings, tests: new Map(), checks: new Map(), proposal: null });
}

describe('a tree to review', () => {
  it('is every source of the repository, whichever parser there is, under its name and commit', async () => {
    const commit = repository.commit(FILES);
    const tree = await open();
    expect(tree).toMatchObject({ repository: 'team/service', commit, isDirty: false, notes: [] });
    expect(tree.files.map(({ path }) => path)).toEqual(['src/access.ts', 'src/main.ts', 'tool.py']);
  });

  it('is the same from a folder within, of which the files below are reviewed', async () => {
    repository.commit(FILES);
    const tree = await open({}, join(repository.folder, 'src'));
    expect(tree.root).toBe(repository.folder);
    expect(tree.files.map(({ path }) => path)).toEqual(['src/access.ts', 'src/main.ts']);
    const one = await open({}, join(repository.folder, 'tool.py'));
    expect(one.files.map(({ path }) => path)).toEqual(['tool.py']);
  });

  it('says what differs from the commit, and reviews it as it stands', async () => {
    repository.commit(FILES);
    repository.write({ 'tool.py': 'def main():\n    return 2\n' });
    const tree = await open();
    expect(tree.isDirty).toBe(true);
    expect(tree.notes).toEqual([expect.stringContaining('1 file not as in commit')]);
    expect(tree.files.at(-1)?.text).toContain('return 2');
  });

  it('is known by its content where nothing is committed', async () => {
    repository.write(FILES);
    const tree = await open();
    expect(tree.notes).toEqual([expect.stringContaining('Nothing is committed yet')]);
    expect(stateOf(tree)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('since a commit is what changed, and what imports that', async () => {
    const first = repository.commit(FILES);
    repository.commit({ 'src/access.ts': `${FILES['src/access.ts']}\nexport const two = 2;\n` });
    const tree = await open({ since: first });
    expect(tree.files.map(({ path }) => path)).toEqual(['src/access.ts', 'src/main.ts']);
  });

  it('keeps to a number of files, and says how many are left out', async () => {
    repository.commit(FILES);
    const tree = await open({ maxFiles: 1 });
    expect(tree.files.map(({ path }) => path)).toEqual(['src/access.ts']);
    expect(tree.notes).toEqual(['--max-files leaves 2 files out.']);
  });

  it('leaves out what is no text and what is too large, and says so', async () => {
    repository.commit({
      ...FILES,
      'big.py': '#\n'.repeat(250_000),
      'src/zero.ts': 'a\0b',
      'src/empty.ts': '\n',
    });
    const tree = await open();
    expect(tree.files.map(({ path }) => path)).toEqual(['src/access.ts', 'src/main.ts', 'tool.py']);
    expect(tree.notes).toEqual(['Too large or no text, and left out: big.py, src/zero.ts']);
  });
});

describe('the request for a file', () => {
  it('holds the file, its neighbours, what needs no model, and how far a change of it reaches', async () => {
    repository.commit(FILES);
    const request = requestOf(await open(), 'src/access.ts');
    expect(request).toMatchObject({
      language: 'typescript',
      chunks: [{ text: FILES['src/access.ts'], first_line: 1 }],
      neighbours: [{ path: 'src/main.ts', text: FILES['src/main.ts'] }],
      evidence: [{ rule: 'uncalled-primitive', symbol: 'canWrite', severity: 'error' }],
      blast_radius: { importers: 1, route_exposed: false },
    });
    expect(request.anchors).toEqual([
      {
        finding_id: request.evidence[0]?.id,
        anchor_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        check: { kind: 'rule', name: 'uncalled-primitive', passes: false },
      },
    ]);
  });

  it('is another for the list once a neighbour changes', async () => {
    repository.commit(FILES);
    const packed = async (path: string) => {
      const tree = await open();
      const file = tree.files.find((one) => one.path === path);
      return file === undefined ? null : listedFile(tree, file).packed_sha256;
    };
    const before = [await packed('src/access.ts'), await packed('tool.py')];
    repository.write({ 'src/main.ts': `${FILES['src/main.ts']}console.log(2);\n` });
    expect(await packed('src/access.ts')).not.toBe(before[0]);
    expect(await packed('tool.py')).toBe(before[1]);
  });

  it('says of an earlier finding whether its code is the same and its rule silent', async () => {
    repository.commit(FILES);
    const first = requestOf(await open(), 'src/access.ts');
    const [evidence] = first.evidence;
    const finding: OpenFinding = {
      ...{ finding_id: 'f1', path: 'src/access.ts', rule: 'uncalled-primitive', symbol: 'canWrite' },
      ...{ claim: evidence?.claim ?? '', severity: 'error', line: 5, state: 'new' },
      ...{ anchor_hash: first.anchors[0]?.anchor_sha256 ?? null },
      ...{ check_kind: 'rule' as const, check_name: 'uncalled-primitive' },
    };
    const ofFinding = async () =>
      requestOf(await open(), 'src/access.ts', [finding]).anchors.find((one) => one.finding_id === 'f1');

    // Moved down, and still not called.
    repository.write({
      'src/access.ts': `// first\nconst none = 0;\nexport { none };\n${FILES['src/access.ts']}`,
    });
    expect(await ofFinding()).toMatchObject({ anchor_sha256: finding.anchor_hash, check: { passes: false } });
    // Called now, itself unchanged.
    repository.write({
      'src/main.ts': "import { canRead, canWrite } from './access.ts';\ncanRead('a') && canWrite('b');\n",
    });
    expect(await ofFinding()).toMatchObject({ anchor_sha256: finding.anchor_hash, check: { passes: true } });
    // Changed.
    repository.write({ 'src/access.ts': FILES['src/access.ts'].replace('> 1', '> 2') });
    const changed = await ofFinding();
    expect(changed?.anchor_sha256).not.toBe(finding.anchor_hash);
    // Suppressed, and changed beside it: a comment is no proof.
    repository.write({
      'src/main.ts': FILES['src/main.ts'],
      'src/access.ts': FILES['src/access.ts']
        .replace('> 1', '> 2')
        .replace(
          'export function canWrite',
          '// review-ok uncalled-primitive: later\nexport function canWrite',
        ),
    });
    const suppressed = await ofFinding();
    expect(suppressed).toMatchObject({ check: { passes: null } });
    expect(suppressed?.anchor_sha256).not.toBe(finding.anchor_hash);
    // What does not parse was seen by no rule, whose silence then proves nothing.
    repository.write({ 'src/access.ts': 'export function canWrite( {\n' });
    expect((await ofFinding())?.check).toMatchObject({ passes: null });
  });
});

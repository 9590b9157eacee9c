import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AuditedRepository, auditedRepository } from './audited-repository.fixture.ts';
import { audit, isAuditedFolder } from './index.ts';

let repository: AuditedRepository;
let owned: string;

beforeEach(() => {
  repository = auditedRepository();
  owned = join(repository.folder, '.git', 'owned');
  repository.commit({ 'src/a.ts': 'export const one = 1;\n' }, 'First');
});
afterEach(() => repository.remove());

function gitInput(command: readonly string[], input: Buffer): string {
  return execFileSync('git', ['-C', repository.folder, ...command], { input, encoding: 'utf8' }).trim();
}

const searchPath = process.env.PATH ?? '';
const auditOf = (range: string) => audit({ folder: repository.folder, searchPath }, range);

describe('an audited repository', () => {
  it('runs nothing that its configuration, attributes and hooks name', async () => {
    const script = join(repository.folder, '.git', 'own.sh');
    writeFileSync(script, `#!/bin/sh\ntouch ${owned}\ncat "$@"\n`);
    chmodSync(script, 0o755);
    repository.commit(
      { '.gitattributes': '*.ts diff=own filter=own\n', 'src/a.ts': 'export const two = 2;\n' },
      'Second',
    );
    repository.commit(
      { 'src/a.ts': 'export const three = 3;\n' },
      'Add `three` to `src/a.ts`\n\n`absentName()` is wired.\n',
    );
    mkdirSync(join(repository.folder, '.git', 'hooks'), { recursive: true });
    for (const hook of ['post-checkout', 'post-index-change', 'reference-transaction'])
      writeFileSync(join(repository.folder, '.git', 'hooks', hook), `#!/bin/sh\ntouch ${owned}\n`, {
        mode: 0o755,
      });
    for (const key of [
      ...['diff.own.textconv', 'diff.own.command', 'filter.own.smudge', 'filter.own.clean', 'core.fsmonitor'],
      ...['core.pager', 'diff.external', 'core.sshCommand', 'gpg.program', 'core.editor'],
    ])
      repository.git('config', key, script);
    const { rows } = await auditOf('HEAD');
    expect(rows.some(({ verdict }) => verdict === 'backed')).toBe(true);
    expect(existsSync(owned)).toBe(false);
  });

  it('cannot have another object read for a commit', async () => {
    const claimed = repository.commit(
      { 'src/b.ts': 'export const two = 2;\n' },
      'Add `canErase` to src/b.ts',
    );
    const other = repository.restate('Do it');
    repository.git('replace', claimed, other);
    const { rows } = await auditOf(claimed);
    expect(rows.map(({ claim, verdict }) => `${claim} ${verdict}`)).toContain('`canErase` not_backed');
  });

  it('cannot lead a copy of its tree out of its folder', async () => {
    const name = `owned-${Math.random().toString(36).slice(2)}.js`;
    const script = 'export function ownedThing() {\n  return 1;\n}\n';
    const treeOf = (entry: string, object: string) =>
      gitInput(
        ['hash-object', '-t', 'tree', '-w', '--literally', '--stdin'],
        Buffer.concat([Buffer.from(`${entry}\0`), Buffer.from(object, 'hex')]),
      );
    const above = treeOf(`100644 ${name}`, gitInput(['hash-object', '-w', '--stdin'], Buffer.from(script)));
    const tree = treeOf('40000 ..', treeOf('40000 ..', above));
    const commit = repository.git(
      'commit-tree',
      tree,
      '-p',
      'HEAD',
      '-m',
      'Every call passes through `ownedThing`',
    );
    const { rows } = await auditOf(commit);
    // The tree was read, and the file is not beside the copies.
    expect(rows.filter(({ kind }) => kind === 'wiring')).toMatchObject([{ verdict: 'unknown' }]);
    expect(existsSync(join(tmpdir(), name))).toBe(false);
  });

  it('is told from the folder of whoever calls', () => {
    const audited = { folder: join(repository.folder, 'src'), searchPath };
    expect(isAuditedFolder(audited, repository.folder)).toBe(true);
    expect(isAuditedFolder(audited, join(repository.folder, 'src'))).toBe(true);
    expect(isAuditedFolder(audited, join(repository.folder, '..'))).toBe(false);
  });

  it.each([
    ['a shallow clone', '--depth=1'],
    ['a partial clone', '--filter=blob:none'],
  ])('is not judged by %s, which lacks what the change was made from', async (_name, option) => {
    repository.commit({ 'src/b.ts': 'export const two = 2;\n' }, 'Add `src/b.ts`');
    expect((await auditOf('HEAD')).rows.map(({ verdict }) => verdict)).toContain('backed');
    repository.git('config', 'uploadpack.allowFilter', 'true');
    const clone = join(repository.folder, '.git', 'clone');
    const source = `file://${repository.folder}`;
    repository.git('clone', '--quiet', '--no-checkout', option, source, clone);
    await expect(audit({ folder: clone, searchPath }, 'HEAD')).rejects.toMatchObject({
      code: 'auditor.history_missing',
      message: expect.stringContaining('git fetch --unshallow'),
    });
  });

  it('is refused where there is none, and for a revision it does not have', async () => {
    await expect(audit({ folder: '/', searchPath }, 'HEAD')).rejects.toMatchObject({
      code: 'auditor.repository_not_found',
    });
    await expect(auditOf('--output=/tmp/x')).rejects.toMatchObject({ code: 'auditor.unknown_revision' });
    await expect(auditOf('HEAD..missing')).rejects.toMatchObject({ code: 'auditor.unknown_revision' });
  });
});

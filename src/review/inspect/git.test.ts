import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filesChangedSince, workTreeAt } from './git.ts';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'lakehouse-git-')));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function git(...command: string[]): string {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', ['-C', folder, ...identity, ...command], { encoding: 'utf8' }).trim();
}

function commit(): string {
  git('add', '--all');
  git('commit', '--quiet', '--message', 'One');
  return git('rev-parse', 'HEAD');
}

describe('a work tree', () => {
  it('is none where no repository holds the folder', () => {
    expect(workTreeAt(folder)).toBeNull();
  });

  it('has no commit before the first, and then one, with what differs from it', () => {
    git('init', '--quiet');
    expect(workTreeAt(folder)).toEqual({ folder, commit: null, changedFiles: 0, originName: null });
    writeFileSync(join(folder, 'a.ts'), 'one\n');
    const head = commit();
    writeFileSync(join(folder, 'a.ts'), 'two\n');
    writeFileSync(join(folder, 'b.ts'), 'new\n');
    expect(workTreeAt(folder)).toMatchObject({ commit: head, changedFiles: 2 });
  });

  it.each([
    ['https://user:secret-token@git.example.org/team/service.git', 'team/service'],
    ['git@git.example.org:team/service.git', 'team/service'],
    ['https://git.example.org/deep/team/service/', 'team/service'],
  ])('is named after its origin %s, without host and secrets', (origin, name) => {
    git('init', '--quiet');
    git('remote', 'add', 'origin', origin);
    expect(workTreeAt(folder)?.originName).toBe(name);
  });

  it('is looked at without starting a program that its configuration names', () => {
    const script = join(folder, '.git', 'own.sh');
    const owned = join(folder, '.git', 'owned');
    git('init', '--quiet');
    writeFileSync(join(folder, '.gitattributes'), '*.ts filter=own diff=own\n');
    writeFileSync(join(folder, 'a.ts'), 'one\n');
    const head = commit();
    writeFileSync(script, `#!/bin/sh\ntouch ${owned}\ncat "$@"\n`);
    chmodSync(script, 0o755);
    for (const key of ['filter.own.clean', 'filter.own.process', 'diff.own.textconv', 'core.fsmonitor'])
      git('config', key, script);
    writeFileSync(join(folder, 'a.ts'), 'two\n');
    expect(workTreeAt(folder)?.changedFiles).toBeGreaterThan(0);
    expect([...filesChangedSince(folder, head)]).toContain('a.ts');
    expect(existsSync(owned)).toBe(false);
  });

  it('is refused where such a program cannot be turned off', () => {
    git('init', '--quiet');
    git('config', 'filter.a=b.clean', 'cat');
    expect(() => workTreeAt(folder)).toThrow(/filter/);
  });
});

import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type AuditedRepository,
  auditedRepository,
} from '../../src/review/auditor/audited-repository.fixture.ts';
import { knowledgeLines } from '../../src/review/knowledge/index.ts';
import { reviewRow } from '../../src/review/knowledge/knowledge-rows.fixture.ts';
import { lakehouse } from '../harness/command-line.ts';

let repository: AuditedRepository;
let folder: string;

beforeEach(() => {
  repository = auditedRepository();
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'lakehouse-auditor-test-')));
  repository.commit({ 'src/a.ts': 'export const one = 1;\n' }, 'First');
  repository.commit({ 'src/a.ts': 'export const two = 2;\n' }, 'Change `src/a.ts`');
});
afterEach(() => {
  repository.remove();
  rmSync(folder, { recursive: true, force: true });
});

const environment = { PATH: process.env.PATH ?? '' };
const auditor = (options: readonly string[], more: Record<string, string> = {}) =>
  lakehouse(['auditor', ...options, '--repo', repository.folder], {
    environment: { ...environment, ...more },
  });

describe('lakehouse auditor', () => {
  it('ends with 0 where nothing is contradicted', async () => {
    const { stdout, exitCode } = await auditor(['HEAD']);
    expect(stdout).toContain('1 claim in 1 commit: 1 backed, 0 not backed, 0 unknown');
    expect(exitCode).toBe(0);
  });

  it('names the claim, its place and what contradicts it, and ends with 1', async () => {
    repository.commit({ 'src/b.ts': 'export const three = 3;\n' }, 'Do it\n\nAdds three tests.\n');
    const { stdout, stderr, exitCode } = await auditor(['HEAD~1..HEAD']);
    expect(stdout).toMatch(/✗ Adds three tests {2}\w{7}, message, line 3/);
    expect(stdout).toContain('static: claim not backed — 0 added and 0 removed by syntax');
    expect(stderr).toContain('cli.claims_not_backed');
    expect(exitCode).toBe(1);
  });

  it('shows no control character of a message (K-14)', async () => {
    repository.commit(
      { 'src/b.ts': 'export const three = 3;\n' },
      'Do it\n\nChange src/a.ts\u001b[2J\u0007 and more\n',
    );
    const { stdout } = await auditor(['HEAD', '--all']);
    expect(stdout).not.toMatch(/\p{Cc}(?<!\n)/u);
  });

  it('writes JSON, Markdown and SARIF', async () => {
    repository.commit({ 'src/b.ts': 'export const three = 3;\n' }, 'Do it\n\nChange `src/a.ts`.\n');
    const [markdown, sarif] = [join(folder, 'audit.md'), join(folder, 'audit.sarif')];
    const { json } = await auditor(['HEAD', '--json', '--markdown', markdown, '--sarif', sarif]);
    expect(json.blocking).toMatchObject([
      { kind: 'file', verdict: 'not_backed', verifier: 'static', line: 3 },
    ]);
    expect(readFileSync(markdown, 'utf8')).toContain('1 blocking');
    const [run] = JSON.parse(readFileSync(sarif, 'utf8')).runs;
    expect(run.tool.driver.name).toBe('lakehouse auditor');
    expect(run.results).toMatchObject([
      {
        ruleId: 'claim-file',
        ruleIndex: 0,
        level: 'error',
        locations: [
          { physicalLocation: { artifactLocation: { uri: 'src/b.ts' }, region: { startLine: 1 } } },
        ],
        partialFingerprints: { 'lakehouseFinding/v1': json.blocking[0].id },
      },
    ]);
  });

  it('judges claims about scores by the knowledge base it is given, and tells of lines that are none', async () => {
    const kb = join(folder, 'kb.jsonl');
    const reviews = [reviewRow('src/a.ts', 1, [3]), reviewRow('src/a.ts', 2, [6])];
    writeFileSync(kb, `${knowledgeLines({ reviews, findings: [], attempts: [] })}not a row\n`);
    repository.commit({ 'src/a.ts': 'export const three = 3;\n' }, 'Do it\n\nScore 3 → 9 for `src/a.ts`.\n');
    const { json, stderr, exitCode } = await auditor(['HEAD', '--json', '--kb', kb]);
    expect(json.blocking).toMatchObject([
      { kind: 'score', evidence: 'knowledge base, iterations 1 and 2: 3 → 6' },
    ]);
    expect(stderr).toContain('1 problem in 3 lines');
    expect(stderr).toContain('line 3: is no JSON object');
    expect(exitCode).toBe(1);
    expect((await auditor(['HEAD'])).exitCode).toBe(0);
  });

  it('holds a pull request’s text against the range', async () => {
    const text = join(folder, 'body.md');
    writeFileSync(text, '| file | added |\n|---|---|\n| `src/a.ts` | 9 |\n');
    const { stdout, exitCode } = await auditor(['HEAD', '--pr-text', text]);
    expect(stdout).toContain('src/a.ts, added: 1, not 9');
    expect(exitCode).toBe(1);
  });

  it('blocks on what the settings of its caller name', async () => {
    repository.commit({ 'src/b.ts': 'export const three = 3;\n' }, 'Do it\n\nAdds three tests.\n');
    const settings = join(folder, 'auditor.toml');
    writeFileSync(settings, 'block_on = ["dynamic"]\n');
    expect((await auditor(['HEAD', '--settings', settings])).exitCode).toBe(0);
    writeFileSync(settings, 'block_on = ["hope"]\n');
    const { stderr, exitCode } = await auditor(['HEAD', '--settings', settings]);
    expect(stderr).toContain('auditor.invalid_settings');
    expect(exitCode).toBe(2);
  });

  it('leaves an auditor.toml of the audited tree unread', async () => {
    repository.commit({ 'auditor.toml': 'block_on = []\n' }, 'Do it\n\nAdds three tests.\n');
    const before = process.cwd();
    process.chdir(repository.folder);
    try {
      const { stderr, exitCode } = await auditor(['HEAD']);
      expect(stderr).toContain('belongs to the audited tree and is left unread');
      expect(exitCode).toBe(1);
    } finally {
      process.chdir(before);
    }
  });

  it('posts only where it knows where, and with a token of the environment', async () => {
    const post = ['HEAD', '--post', 'gitea', '--repository', 'team/service', '--pr', '7'];
    expect((await auditor(post)).stderr).toContain('--service-url');
    const paths: string[] = [];
    const server = createServer((request, response) => {
      paths.push(`${request.method} ${request.url} ${request.headers.authorization}`);
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(request.method === 'GET' ? '[]' : '{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    const refused = await auditor([...post, '--service-url', url]);
    expect(refused.stderr).toContain('LAKEHOUSE_AUDITOR_TOKEN');
    expect(refused.exitCode).toBe(2);
    const { exitCode } = await auditor([...post, '--service-url', url, '--token-variable', 'MINE'], {
      MINE: 'secret',
    });
    server.close();
    expect(exitCode).toBe(0);
    expect(paths.at(-1)).toMatch(/^POST \/api\/v1\/repos\/team\/service\/statuses\/\w{40} token secret$/);
  });

  it('audits what the pull request that it posts to says of itself', async () => {
    const server = createServer((request, response) => {
      const isWords = request.method === 'GET' && request.url?.endsWith('/pulls/7') === true;
      const words = { title: 'Rework', body: 'Touches `src/a.ts`.\n\nAdds three tests.\n' };
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(isWords ? JSON.stringify(words) : '[]');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    const { json, exitCode } = await auditor(
      [
        'HEAD',
        '--json',
        '--post',
        'gitea',
        '--service-url',
        url,
        '--repository',
        'team/service',
        '--pr',
        '7',
      ],
      { LAKEHOUSE_AUDITOR_TOKEN: 'secret' },
    );
    server.close();
    expect(exitCode).toBe(1);
    expect(json.blocking).toMatchObject([{ document: 'pull request', claim: 'Adds three tests', line: 5 }]);
  });

  it('names a project of GitLab by its whole path', async () => {
    const paths: string[] = [];
    const server = createServer((request, response) => {
      paths.push(`${request.method} ${request.url}`);
      response
        .writeHead(200, { 'Content-Type': 'application/json' })
        .end(request.method === 'GET' ? '[]' : '{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    const post = (repository: string) =>
      auditor(['HEAD', '--post', 'gitlab', '--service-url', url, '--repository', repository, '--pr', '7'], {
        LAKEHOUSE_AUDITOR_TOKEN: 'secret',
      });
    const refused = await post('team/../service');
    const { exitCode, stderr } = await post('team/tools/service');
    server.close();
    expect(refused.exitCode).toBe(2);
    expect(exitCode, stderr).toBe(0);
    expect(paths.at(-1)).toMatch(/^POST \/api\/v4\/projects\/team%2Ftools%2Fservice\/statuses\/\w{40}$/);
  });

  it('says what it cannot audit', async () => {
    expect((await auditor(['missing'])).stderr).toContain('auditor.unknown_revision');
    const { exitCode } = await lakehouse(['auditor', 'HEAD', '--repo', folder], { environment });
    expect(exitCode).toBe(2);
  });
});

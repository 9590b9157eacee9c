import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Audit } from '../audit.ts';
import type { LedgerRow } from '../claims/claim.ts';
import { addressOf, HEAD, type Host, startHost, TOKEN } from './code-host.fixture.ts';
import type { PostTarget } from './host-of.ts';
import { postAudit } from './post-audit.ts';
import { pullRequestText } from './pull-request-text.ts';

let host: Host;

const row = (parts: Partial<LedgerRow>): LedgerRow => ({
  id: 'aaaaaaaaaaaa',
  commit: HEAD,
  kind: 'tests',
  claim: 'adds 3 tests',
  document: 'message',
  line: 3,
  span: [10, 22],
  verifier: 'static',
  verdict: 'not_backed',
  evidence: '0 added by syntax',
  ...parts,
});

const auditOf = (rows: readonly LedgerRow[]): Audit => ({
  head: HEAD,
  commits: [{ commit: HEAD, subject: 'Do it', path: 'src/a.ts' }],
  rows,
  blocking: rows.filter(({ verdict }) => verdict === 'not_backed'),
  reader: null,
});

const targetOf = (service: PostTarget['service']): PostTarget => ({
  ...{ service, token: TOKEN, url: addressOf(host), repository: 'team/service', number: 7 },
});
const post = (service: PostTarget['service'], audit: Audit) => postAudit(audit, targetOf(service), fetch);

describe.each(['github', 'gitea', 'gitlab'] as const)('%s', (service) => {
  beforeEach(async () => {
    host = await startHost(service);
  });
  afterEach(() => {
    host.server.closeAllConnections();
    host.server.close();
  });

  it('tells the words of a pull request', async () => {
    expect(await pullRequestText(targetOf(service), fetch)).toBe('A title\n\n\n');
    host.description = 'Adds 3 tests.\r\n\r\nCloses #1.';
    expect(await pullRequestText(targetOf(service), fetch)).toBe('A title\n\nAdds 3 tests.\n\nCloses #1.\n');
    expect(host.problems).toEqual([]);
  });

  it('is told of success where nothing blocks', async () => {
    await post(service, auditOf([row({ verdict: 'backed' })]));
    expect(host.problems).toEqual([]);
    expect(host.statuses).toEqual([
      {
        state: 'success',
        context: 'lakehouse/auditor',
        description: '1 claim: 1 backed, 0 not backed, 0 unknown',
      },
    ]);
    expect(host.comments.map(({ body }) => body)).toEqual([
      expect.stringContaining('No claim is contradicted'),
    ]);
  });

  it('is told what blocks, cut to the length it takes', async () => {
    await post(service, auditOf([row({}), row({ id: 'bbbbbbbbbbbb', claim: 'x'.repeat(500) })]));
    await post(service, auditOf([row({ claim: 'y'.repeat(500) })]));
    expect(host.problems).toEqual([]);
    expect(host.statuses[0]).toMatchObject({
      state: 'failure',
      description: '2 blocking issues: static: claim not backed — adds 3 tests',
    });
    expect(host.statuses[1]?.description).toMatch(/^1 blocking issue: static: claim not backed — y+…$/);
  });

  it('keeps one comment up to date, among those of others', async () => {
    host.comments.push({ id: 1, body: 'Quoted: <!-- lakehouse/auditor -->' });
    await post(service, auditOf([row({})]));
    await post(service, auditOf([row({})]));
    const edits = host.requests.filter((one) => one.startsWith('PATCH') || one.startsWith('PUT'));
    expect(edits).toEqual([]);
    await post(service, auditOf([row({ verdict: 'backed' })]));
    expect(host.problems).toEqual([]);
    expect(host.comments).toHaveLength(2);
    expect(host.comments[0]?.body).toBe('Quoted: <!-- lakehouse/auditor -->');
    expect(host.comments[1]?.body).toContain('No claim is contradicted');
  });

  it('remarks once on the line of a changelog entry', async () => {
    const wrong = row({ document: 'CHANGELOG.md', line: 12, claim: '`canErase`' });
    await post(service, auditOf([wrong, row({ id: 'cccccccccccc' })]));
    await post(service, auditOf([wrong]));
    expect(host.problems).toEqual([]);
    expect(host.remarks).toMatchObject([{ path: 'CHANGELOG.md', line: 12 }]);
  });

  it('is shown claims as text, never as markup or control characters (K-14)', async () => {
    const claim = '@everyone `x` | <img src=x> [a](http://b)\u001b[31m\u202e\n/close';
    await post(service, auditOf([row({ claim })]));
    const [comment] = host.comments;
    expect(comment?.body).toContain('`@everyone ˋxˋ \\| <img src=x> [a](http://b)�[31m��/close`');
    expect(host.statuses[0]?.description).not.toMatch(/\p{Cc}|\p{Cf}/u);
  });

  it('is named by what it refused, without the token', async () => {
    host.refuseWith = 403;
    const failure = await post(service, auditOf([row({})])).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'auditor.post_refused', message: expect.stringContaining('403') });
    expect(String(failure)).not.toContain(TOKEN);
    expect(host.statuses).toEqual([]);
  });
});

describe('gitlab', () => {
  beforeEach(async () => {
    host = await startHost('gitlab');
  });
  afterEach(() => {
    host.server.closeAllConnections();
    host.server.close();
  });

  it('is given a status once, and another where the outcome changes', async () => {
    await post('gitlab', auditOf([row({})]));
    await post('gitlab', auditOf([row({})]));
    await post('gitlab', auditOf([row({ verdict: 'backed' })]));
    expect(host.problems).toEqual([]);
    expect(host.statuses.map(({ state }) => state)).toEqual(['failure', 'success']);
  });

  it('is given no remark on a line that newer commits may have moved', async () => {
    host.newest = 'd'.repeat(40);
    await post('gitlab', auditOf([row({ document: 'CHANGELOG.md', line: 12 })]));
    expect(host.problems).toEqual([]);
    expect([host.remarks.length, host.comments.length, host.statuses.length]).toEqual([0, 1, 1]);
  });
});

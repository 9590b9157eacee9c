import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Audit } from '../audit.ts';
import type { LedgerRow } from '../claims/claim.ts';
import { type PostTarget, postAudit } from './post-audit.ts';

// Servers that hold the requests to the shapes the two services document, and keep what they are told.

const HEAD = '0123456789abcdef0123456789abcdef01234567';
const TOKEN = 'canary-token-4711';

interface Kept {
  id: number;
  body: string;
}
interface Host {
  readonly server: Server;
  readonly requests: string[];
  readonly problems: string[];
  readonly statuses: { state: string; context: string; description: string }[];
  readonly comments: Kept[];
  readonly remarks: (Kept & { path: string; line: number })[];
  refuseWith: number | null;
}

let host: Host;

async function startHost(service: 'github' | 'gitea'): Promise<void> {
  const server = createServer(async (request, response) => {
    const text = await bodyOf(request);
    const answer = respond(service, request, text === '' ? null : JSON.parse(text));
    response.writeHead(host.refuseWith ?? answer.status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(answer.body));
  });
  host = { server, requests: [], problems: [], statuses: [], comments: [], remarks: [], refuseWith: null };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function respond(
  service: 'github' | 'gitea',
  request: IncomingMessage,
  // biome-ignore lint/suspicious/noExplicitAny: the bodies are what is being checked.
  body: any,
): { status: number; body: unknown } {
  const { method = '', headers } = request;
  const url = new URL(request.url ?? '', 'http://host');
  host.requests.push(`${method} ${url.pathname}`);
  const prefix = service === 'github' ? '/repos/team/service' : '/api/v1/repos/team/service';
  const authorization = service === 'github' ? `Bearer ${TOKEN}` : `token ${TOKEN}`;
  if (headers.authorization !== authorization) return { status: 401, body: {} };
  const expected = service === 'github' ? 'application/vnd.github+json' : 'application/json';
  require(headers.accept === expected, `accept ${headers.accept}`);
  require((headers['user-agent'] ?? '') !== '', 'user agent');
  if (service === 'github') require(headers['x-github-api-version'] === '2022-11-28', 'version');
  if (body !== null) require(headers['content-type'] === 'application/json', 'content type');
  const path = url.pathname.startsWith(prefix) ? url.pathname.slice(prefix.length) : '?';
  const page = (members: readonly unknown[]) => ({
    status: 200,
    body: url.searchParams.get('page') === '1' || !url.searchParams.has('page') ? members : [],
  });
  switch (`${method} ${path}`) {
    case `POST /statuses/${HEAD}`:
      require(['success', 'failure', 'pending', 'error'].includes(body.state), 'state');
      require([...body.description].length <= 140, 'description too long');
      host.statuses.push(body);
      return { status: 201, body: { id: 1, ...body } };
    case 'GET /issues/7/comments':
      return page(host.comments);
    case 'POST /issues/7/comments':
      require(typeof body.body === 'string' && body.body.length <= 65_536, 'comment');
      host.comments.push({ id: host.comments.length + 100, body: body.body });
      return { status: 201, body: host.comments.at(-1) };
    case 'GET /pulls/7/comments':
      require(service === 'github', 'only GitHub lists the remarks of a pull request');
      return page(host.remarks);
    case 'GET /pulls/7/reviews':
      return page(host.remarks.length > 0 ? [{ id: 5 }] : []);
    case 'GET /pulls/7/reviews/5/comments':
      require(service === 'gitea', 'only Gitea is asked by review');
      return { status: 200, body: host.remarks };
    case 'POST /pulls/7/reviews':
      require(body.event === 'COMMENT' && body.commit_id === HEAD && body.body !== '', 'review');
      for (const one of body.comments) {
        require(service === 'gitea' || one.side === 'RIGHT', 'side');
        const line = service === 'github' ? one.line : one.new_position;
        host.remarks.push({ id: host.remarks.length + 1, body: one.body, path: one.path, line });
      }
      return { status: 200, body: { id: 5 } };
    default: {
      const known = host.comments.find(({ id }) => `${method} ${path}` === `PATCH /issues/comments/${id}`);
      if (known === undefined) return { status: 404, body: { message: 'Not Found' } };
      known.body = body.body;
      return { status: 200, body: known };
    }
  }
}

function require(holds: boolean, what: string): void {
  if (!holds) host.problems.push(what);
}

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

const post = (service: 'github' | 'gitea', audit: Audit, parts: Partial<PostTarget> = {}) => {
  const { port } = host.server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return postAudit(
    audit,
    { service, token: TOKEN, url, repository: 'team/service', number: 7, ...parts },
    fetch,
  );
};

describe.each(['github', 'gitea'] as const)('%s', (service) => {
  beforeEach(() => startHost(service));
  afterEach(() => {
    host.server.closeAllConnections();
    host.server.close();
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
    const edits = host.requests.filter((one) => one.startsWith('PATCH'));
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
    const claim = '@everyone `x` | <img src=x> [a](http://b)\u001b[31m\u202e\nnext';
    await post(service, auditOf([row({ claim })]));
    const [comment] = host.comments;
    expect(comment?.body).toContain('`@everyone ˋxˋ \\| <img src=x> [a](http://b)�[31m��next`');
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

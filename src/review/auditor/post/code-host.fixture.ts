import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PostTarget } from './host-of.ts';

// Servers that hold the requests to the shapes the three services document, and keep what they are told.

export const HEAD = '0123456789abcdef0123456789abcdef01234567';
export const TOKEN = 'canary-token-4711';

type Service = PostTarget['service'];

interface Kept {
  id: number;
  body: string;
}
export interface Host {
  readonly server: Server;
  readonly requests: string[];
  readonly problems: string[];
  readonly statuses: { state: string; context: string; description: string }[];
  readonly comments: Kept[];
  readonly remarks: (Kept & { path: string; line: number })[];
  /** Of the pull request; null where its author wrote none. */
  description: string | null;
  /** The newest commit of the pull request. */
  newest: string;
  refuseWith: number | null;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: the bodies are what is being checked.
type Body = any;

export async function startHost(service: Service): Promise<Host> {
  const server = createServer(async (request, response) => {
    const text = await bodyOf(request);
    const answer = respond(host, service, request, text === '' ? null : JSON.parse(text));
    response.writeHead(host.refuseWith ?? answer.status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(answer.body));
  });
  const host: Host = {
    ...{ server, requests: [], problems: [], statuses: [], comments: [], remarks: [] },
    description: null,
    newest: HEAD,
    refuseWith: null,
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return host;
}

export function addressOf({ server }: Host): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const PREFIXES: Record<Service, string> = {
  github: '/repos/team/service',
  gitea: '/api/v1/repos/team/service',
  gitlab: '/api/v4/projects/team%2Fservice',
};

function respond(host: Host, service: Service, request: IncomingMessage, body: Body): Answer {
  const { method = '', headers } = request;
  const url = new URL(request.url ?? '', 'http://host');
  host.requests.push(`${method} ${url.pathname}`);
  const token = {
    github: () => headers.authorization === `Bearer ${TOKEN}`,
    gitea: () => headers.authorization === `token ${TOKEN}`,
    gitlab: () => headers['private-token'] === TOKEN && headers.authorization === undefined,
  };
  if (!token[service]()) return { status: 401, body: {} };
  const expected = service === 'github' ? 'application/vnd.github+json' : 'application/json';
  require(host, headers.accept === expected, `accept ${headers.accept}`);
  require(host, (headers['user-agent'] ?? '') !== '', 'user agent');
  if (service === 'github') require(host, headers['x-github-api-version'] === '2022-11-28', 'version');
  if (body !== null) require(host, headers['content-type'] === 'application/json', 'content type');
  const prefix = PREFIXES[service];
  const path = url.pathname.startsWith(prefix) ? url.pathname.slice(prefix.length) : '?';
  const page = (members: readonly unknown[]) => ({
    status: 200,
    body: url.searchParams.get('page') === '1' || !url.searchParams.has('page') ? members : [],
  });
  const asked = { host, route: `${method} ${path}`, body, page, query: url.searchParams };
  return service === 'gitlab' ? gitlabAnswer(asked) : githubAnswer(service, asked);
}

interface Asked {
  readonly host: Host;
  readonly route: string;
  readonly body: Body;
  readonly page: (members: readonly unknown[]) => Answer;
  readonly query: URLSearchParams;
}

function githubAnswer(service: 'github' | 'gitea', { host, route, body, page }: Asked): Answer {
  switch (route) {
    case `POST /statuses/${HEAD}`:
      require(host, ['success', 'failure', 'pending', 'error'].includes(body.state), 'state');
      require(host, [...body.description].length <= 140, 'description too long');
      host.statuses.push(body);
      return { status: 201, body: { id: 1, ...body } };
    case 'GET /pulls/7':
      return {
        status: 200,
        body: { number: 7, title: 'A title', body: host.description, head: { sha: HEAD } },
      };
    case 'GET /issues/7/comments':
      return page(host.comments);
    case 'POST /issues/7/comments':
      require(host, typeof body.body === 'string' && body.body.length <= 65_536, 'comment');
      host.comments.push({ id: host.comments.length + 100, body: body.body });
      return { status: 201, body: host.comments.at(-1) };
    case 'GET /pulls/7/comments':
      require(host, service === 'github', 'only GitHub lists the remarks of a pull request');
      return page(host.remarks);
    case 'GET /pulls/7/reviews':
      return page(host.remarks.length > 0 ? [{ id: 5 }] : []);
    case 'GET /pulls/7/reviews/5/comments':
      require(host, service === 'gitea', 'only Gitea is asked by review');
      return { status: 200, body: host.remarks };
    case 'POST /pulls/7/reviews':
      require(host, body.event === 'COMMENT' && body.commit_id === HEAD && body.body !== '', 'review');
      for (const one of body.comments) {
        require(host, service === 'gitea' || one.side === 'RIGHT', 'side');
        const line = service === 'github' ? one.line : one.new_position;
        host.remarks.push({ id: host.remarks.length + 1, body: one.body, path: one.path, line });
      }
      return { status: 200, body: { id: 5 } };
    default:
      return edited(host, route, body, 'PATCH /issues/comments/');
  }
}

function gitlabAnswer({ host, route, body, page, query }: Asked): Answer {
  switch (route) {
    case `GET /repository/commits/${HEAD}/statuses`:
      require(host, query.get('name') === 'lakehouse/auditor', 'name');
      // A name's latest status only, as without `all`.
      return page(
        host.statuses.slice(-1).map(({ state, context, description }) => ({
          ...{ id: host.statuses.length, sha: HEAD, ref: 'main', allow_failure: false },
          ...{ name: context, status: state === 'failure' ? 'failed' : state, description },
        })),
      );
    case `POST /statuses/${HEAD}`:
      require(host, ['pending', 'running', 'success', 'failed', 'canceled', 'skipped'].includes(
        body.state,
      ), 'state');
      require(host, [...body.description].length <= 255, 'description too long');
      host.statuses.push({
        state: body.state === 'failed' ? 'failure' : body.state,
        context: body.name,
        description: body.description,
      });
      return { status: 201, body: { id: 1, ...body } };
    case 'GET /merge_requests/7':
      return { status: 200, body: { iid: 7, title: 'A title', description: host.description, sha: HEAD } };
    case 'GET /merge_requests/7/notes':
      return page([
        { id: 900, body: '<!-- lakehouse/auditor -->\nassigned to @someone', system: true, type: null },
        ...host.comments.map((one) => ({ ...one, system: false, type: null })),
        ...host.remarks.map((one) => ({ ...one, system: false, type: 'DiffNote', resolvable: true })),
      ]);
    case 'POST /merge_requests/7/notes':
      require(host, typeof body.body === 'string' && body.body.length <= 1_000_000, 'note');
      // A line that begins so is a command to GitLab.
      require(host, !/^\s*\//m.test(body.body), 'quick action');
      host.comments.push({ id: host.comments.length + 100, body: body.body });
      return { status: 201, body: host.comments.at(-1) };
    case 'GET /merge_requests/7/versions':
      return page([
        {
          ...{ id: 2, state: 'collected', merge_request_id: 7, head_commit_sha: host.newest },
          ...{ base_commit_sha: 'b'.repeat(40), start_commit_sha: 'c'.repeat(40) },
        },
      ]);
    case 'POST /merge_requests/7/discussions': {
      const { position } = body;
      require(host, position.position_type === 'text' && position.head_sha === HEAD, 'position');
      require(host, position.base_sha === 'b'.repeat(40) && position.start_sha === 'c'.repeat(40), 'commits');
      // An added line has no number before; an added file's old path is its own.
      require(host, position.old_path === position.new_path && !('old_line' in position), 'paths');
      const { new_path: path, new_line: line } = position;
      host.remarks.push({ id: host.remarks.length + 1, body: body.body, path, line });
      return { status: 201, body: { id: 'f'.repeat(40), individual_note: false } };
    }
    default:
      return edited(host, route, body, 'PUT /merge_requests/7/notes/');
  }
}

function edited(host: Host, route: string, body: Body, prefix: string): Answer {
  const known = host.comments.find(({ id }) => route === `${prefix}${id}`);
  if (known === undefined) return { status: 404, body: { message: 'Not Found' } };
  known.body = body.body;
  return { status: 200, body: known };
}

function require(host: Host, holds: boolean, what: string): void {
  if (!holds) host.problems.push(what);
}

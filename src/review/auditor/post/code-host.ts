import { LakeError } from '../../../base/index.ts';
import { auditorErrors } from '../errors.ts';

/** A pull request on a service that speaks GitHub's, Gitea's or GitLab's REST interface. */
export interface PullRequest {
  /** Of the interface: `https://api.github.com`, or the own address of a Gitea or GitLab server. */
  readonly url: string;
  /** `owner/name`; on GitLab with every group: `group/subgroup/name`. */
  readonly repository: string;
  readonly number: number;
}

export interface CommitStatus {
  readonly state: 'success' | 'failure';
  readonly context: string;
  readonly description: string;
}

export interface HostComment {
  readonly id: number;
  readonly body: string;
}

/** A remark on one line of a changed file. */
export interface LineComment {
  readonly path: string;
  /** From 1, in the file after the change. */
  readonly line: number;
  readonly body: string;
}

/** What the author of a pull request says of it. */
export interface PullRequestWords {
  readonly title: string;
  readonly description: string;
}

/** What the auditor asks of a code host, the same for each. */
export interface CodeHost {
  words(): Promise<PullRequestWords>;
  setStatus(commit: string, status: CommitStatus): Promise<void>;
  /** Comments of the pull request's conversation. */
  comments(): Promise<readonly HostComment[]>;
  addComment(body: string): Promise<void>;
  editComment(id: number, body: string): Promise<void>;
  /** Remarks on lines that reviews made. */
  lineComments(): Promise<readonly HostComment[]>;
  addLineComments(commit: string, comments: readonly LineComment[]): Promise<void>;
}

export interface HostConnection {
  readonly pullRequest: PullRequest;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: typeof fetch;
}

export type HostCall = (
  method: 'GET' | 'POST' | 'PATCH' | 'PUT',
  path: string,
  body?: unknown,
) => Promise<unknown>;

/** A review needs a text of its own beside its remarks. */
export const REVIEW_BODY = 'lakehouse auditor: changelog entries that the change contradicts.';

const DEADLINE_MS = 30_000;

/** Calls below an address of the interface. A refusal names the method, the path and the status: never the token. */
export function hostCalls({ pullRequest, headers, fetch }: HostConnection): HostCall {
  const base = pullRequest.url.replace(/\/+$/, '');
  return async (method, path, body) => {
    const response = await answered(method, path, () =>
      fetch(base + path, {
        method,
        headers: {
          ...headers,
          'User-Agent': 'lakehouse-auditor',
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // A host that sends elsewhere would be handed the token there.
        redirect: 'error',
        signal: AbortSignal.timeout(DEADLINE_MS),
      }),
    );
    if (!response.ok) {
      await response.body?.cancel();
      throw refused(`${method} ${path} was answered with ${response.status}.`);
    }
    const text = await response.text();
    try {
      return text === '' ? null : JSON.parse(text);
    } catch (error) {
      throw refused(`${method} ${path} was answered with something other than JSON.`, error);
    }
  };
}

/** Every member of a list that comes in pages. */
export async function allPages(
  call: HostCall,
  path: string,
  sizeOfPage: string,
): Promise<readonly unknown[]> {
  const members: unknown[] = [];
  for (let page = 1; page <= MOST_PAGES; page++) {
    const answer = await call('GET', `${path}?${sizeOfPage}&page=${page}`);
    if (!Array.isArray(answer) || answer.length === 0) return members;
    members.push(...answer);
    // A server may give fewer than asked for, so that only an empty page is the last.
  }
  return members;
}

const MOST_PAGES = 50;

/** The words of a pull request as a service answers them, its description under the service's own name. */
export function wordsIn(answer: unknown, description: 'body' | 'description'): PullRequestWords {
  const members = new Map(typeof answer === 'object' && answer !== null ? Object.entries(answer) : []);
  const text = (name: string) => {
    const value: unknown = members.get(name);
    return typeof value === 'string' ? value.replaceAll('\r\n', '\n') : '';
  };
  return { title: text('title'), description: text(description) };
}

/** The members of a list that are comments with an id and a text. */
export function commentsIn(members: readonly unknown[]): readonly HostComment[] {
  return members.flatMap((one) => {
    if (typeof one !== 'object' || one === null || !('id' in one) || !('body' in one)) return [];
    return typeof one.id === 'number' && typeof one.body === 'string' ? [{ id: one.id, body: one.body }] : [];
  });
}

async function answered(method: string, path: string, ask: () => Promise<Response>): Promise<Response> {
  try {
    return await ask();
  } catch (error) {
    throw refused(`${method} ${path} was not answered.`, error);
  }
}

function refused(detail: string, cause?: unknown): LakeError {
  return new LakeError(auditorErrors.post_refused, { detail, ...(cause === undefined ? {} : { cause }) });
}

import { CliFailure, EXIT_CODES, type ExitCode, type FailureFacts } from './cli-failure.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** With its parameters encoded: see `pathOf`. */
  readonly path: string;
  /** Undefined members are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is, streamed. */
  readonly body?: ReadableStream<Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface ApiAnswer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly value: T;
}

/** The HTTP API as remote commands see it. Refusals and a server that does not answer throw `CliFailure`. */
export interface ApiClient {
  readonly url: string;
  /** The key, for those who must name it to others; null where none was given. */
  readonly apiKey: string | null;
  json<T>(request: ApiRequest): Promise<ApiAnswer<T>>;
  /** The answer unread, for streams; refused like `json`. */
  stream(request: ApiRequest): Promise<Response>;
  /** Any status, unjudged: for probes. */
  probe(request: ApiRequest): Promise<Response>;
}

export interface ApiClientParts {
  readonly url: string;
  readonly apiKey: string | null;
  readonly delegationToken: string | null;
  readonly fetch: typeof fetch;
}

export function createApiClient(parts: ApiClientParts): ApiClient {
  const base = parts.url.replace(/\/+$/, '');
  async function probe(request: ApiRequest): Promise<Response> {
    const headers = new Headers(request.headers);
    if (parts.apiKey !== null) headers.set('x-api-key', parts.apiKey);
    if (parts.delegationToken !== null) headers.set('x-on-behalf-of', parts.delegationToken);
    if (request.json !== undefined) headers.set('content-type', 'application/json');
    const body = request.json === undefined ? request.body : JSON.stringify(request.json);
    const init: RequestInit = {
      method: request.method,
      headers,
      redirect: 'error',
      ...(request.signal === undefined ? {} : { signal: request.signal }),
      ...(body === undefined ? {} : { body, duplex: 'half' as const }),
    };
    try {
      return await parts.fetch(`${base}${request.path}${queryText(request.query)}`, init);
    } catch (error) {
      throw request.signal?.aborted === true ? error : unreachable(base, error);
    }
  }
  async function stream(request: ApiRequest): Promise<Response> {
    const response = await probe(request);
    if (!response.ok && response.status !== 304) throw withKeyHint(await refusal(response), parts);
    return response;
  }
  return {
    url: base,
    apiKey: parts.apiKey,
    probe,
    stream,
    async json<T>(request: ApiRequest) {
      const response = await stream(request);
      const text = await response.text().catch((error: unknown) => {
        throw brokenOff(error);
      });
      return { status: response.status, headers: response.headers, value: parsed<T>(response, text) };
    },
  };
}

/** A path with its parameters percent-encoded: ``pathOf`/catalog/datasets/by-name/${name}` ``. */
export function pathOf(pieces: TemplateStringsArray, ...names: readonly string[]): string {
  return pieces.map((piece, at) => piece + encodeURIComponent(names[at] ?? '')).join('');
}

/** An answer that did not come to its end, as a failure of the command; any other error as it is. */
export function brokenOff(error: unknown): unknown {
  // So undici says that the connection ended before the answer did.
  if (!(error instanceof TypeError) || error.message !== 'terminated') return error;
  const detail =
    'The answer broke off: the server ended, the key stopped being valid, or the connection was cut. What has come is not all.';
  return new CliFailure(EXIT_CODES.unreachable, { code: 'cli.answer_broke_off', detail }, error);
}

function parsed<T>(response: Response, text: string): T {
  try {
    return (text === '' ? null : JSON.parse(text)) as T;
  } catch (error) {
    throw new CliFailure(EXIT_CODES.failed, unexpectedAnswer(response), error);
  }
}

/** What a refusing answer says, as the failure of a command. */
export async function refusal(response: Response): Promise<CliFailure> {
  const text = await response.text().catch(() => '');
  return new CliFailure(exitCodeOf(response.status), problemOf(response, text));
}

/** The server says one thing of every key that it does not take; only this side knows whether one was sent. */
function withKeyHint(failure: CliFailure, { apiKey, delegationToken }: ApiClientParts): CliFailure {
  if (failure.facts.code !== 'access.unauthenticated') return failure;
  const hint =
    apiKey === null
      ? 'No key was sent: set LAKEHOUSE_API_KEY, or name a file that holds one with --key-file.'
      : `The key that was sent${delegationToken === null ? '' : ', or the token of --on-behalf-of-file,'} is not whole, unknown, expired or revoked.`;
  return new CliFailure(failure.exitCode, { ...failure.facts, hint }, failure);
}

function exitCodeOf(status: number): ExitCode {
  if (status === 401 || status === 403) return EXIT_CODES.denied;
  return status === 503 ? EXIT_CODES.unreachable : EXIT_CODES.failed;
}

function problemOf(response: Response, text: string): FailureFacts {
  try {
    const problem = JSON.parse(text);
    if (typeof problem === 'object' && problem !== null && typeof problem.code === 'string') {
      return { ...problem, detail: String(problem.detail) };
    }
  } catch {
    // Not ours: a proxy's page, for example.
  }
  return unexpectedAnswer(response);
}

function unexpectedAnswer({ status }: Response): FailureFacts {
  const what = status < 400 ? 'something that is not JSON' : 'without saying why';
  const detail = `The server answered ${status}, ${what}. Is this a lakehouse server?`;
  return { code: 'cli.unexpected_answer', detail, status };
}

function unreachable(base: string, cause: unknown): CliFailure {
  const detail = `No lakehouse answers at ${base}. Start one with \`lakehouse serve\`, or name it with --url or LAKEHOUSE_URL.`;
  return new CliFailure(EXIT_CODES.unreachable, { code: 'cli.unreachable', detail }, cause);
}

function queryText(query: ApiRequest['query']): string {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined);
  return given.length === 0
    ? ''
    : `?${new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]))}`;
}

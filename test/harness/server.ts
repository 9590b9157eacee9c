import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initHome, type RunningServer, startServer } from '../../src/main.ts';

export interface TestServer {
  readonly url: string;
  readonly home: string;
  readonly adminKey: string;
  /** One HTTP request; `json` is sent as the body. */
  api(method: string, path: string, options?: ApiOptions): Promise<ApiAnswer>;
  /** A new key for a role, by the administrator. */
  key(
    role: string,
    attributes?: Record<string, string | number | boolean>,
    name?: string,
  ): Promise<{ key: string; keyId: string }>;
  /** Stops and starts the server on the same home. */
  restart(): Promise<void>;
  /** The same with the home touched in between. */
  restartWith(meanwhile: () => Promise<void>): Promise<void>;
  /** Stops the server and removes the home. */
  close(): Promise<void>;
  /** Removes the home of a server that does not run. */
  remove(): Promise<void>;
}

export interface ApiOptions {
  /** The administrator's where absent; null sends none. */
  readonly key?: string | null;
  readonly json?: unknown;
  readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream;
  readonly headers?: Record<string, string>;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers are asserted member by member.
  readonly json: any;
}

/** A commit that a busy disk keeps waiting is no fault that a test of the server looks for. */
const FLAGS = { 'server.port': 0, 'log.level': 'silent', 'metastore.commit_timeout_ms': 20_000 };

/**
 * A real server of this source tree on a free port, with a fresh home. `config` is its whole lakehouse.toml; `tools` are
 * files beside the shipped ones.
 */
export async function startTestServer(
  options: {
    config?: string;
    policy?: unknown;
    truth?: string;
    routing?: string;
    tools?: Readonly<Record<string, string>>;
    folder?: string;
  } = {},
): Promise<TestServer> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'lakehouse-test-')));
  const home = join(folder, 'home');
  const { adminKey } = await initHome({ home });
  if (options.config !== undefined) await writeFile(join(home, 'lakehouse.toml'), options.config);
  if (options.truth !== undefined) await writeFile(join(home, 'truth.toml'), options.truth);
  for (const [file, text] of Object.entries(options.tools ?? {}))
    await writeFile(join(home, 'tools', file), text);
  if (options.routing !== undefined) await writeFile(join(home, 'routing.toml'), options.routing);
  const start = () => startServer({ home, environment: {}, flags: FLAGS });
  let running: RunningServer = await start();

  const server: TestServer = {
    get url() {
      return running.url;
    },
    home,
    adminKey,
    api: (method, path, asked = {}) => request(running.url, method, path, { key: adminKey, ...asked }),
    async key(role, attributes = {}, name = role) {
      const made = await server.api('POST', '/access/keys', { json: { name, role, attributes } });
      if (made.status !== 201) throw new Error(`no key for ${role}: ${made.text}`);
      return { key: made.json.key, keyId: made.json.key_id };
    },
    restart: () => server.restartWith(async () => undefined),
    async restartWith(meanwhile) {
      await running.close();
      await meanwhile();
      running = await start();
    },
    async close() {
      await running.close();
      await server.remove();
    },
    async remove() {
      if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
  if (options.policy !== undefined) {
    const put = await server.api('PUT', '/access/policies', { json: options.policy });
    if (put.status !== 200) throw new Error(`policy refused: ${put.text}`);
  }
  return server;
}

/** One request over HTTP. */
export async function request(
  url: string,
  method: string,
  path: string,
  options: ApiOptions,
): Promise<ApiAnswer> {
  const headers: Record<string, string> = { ...options.headers };
  if (typeof options.key === 'string') headers['x-api-key'] = options.key;
  if (options.json !== undefined) headers['content-type'] = 'application/json';
  const body = options.json === undefined ? options.body : JSON.stringify(options.json);
  const response = await fetch(url + path, {
    method,
    headers,
    ...(body === undefined ? {} : { body, duplex: 'half' }),
  });
  const text = await response.text();
  const isJson = (response.headers.get('content-type') ?? '').includes('json');
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson && text !== '' ? parse(text) : null,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

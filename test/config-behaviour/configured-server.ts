import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'smol-toml';
import { loadConfig } from '../../src/config/index.ts';
import { initHome, startServer } from '../../src/main.ts';
import { looksUnder } from './key-test.ts';

/** A real server over a fresh home whose lakehouse.toml is `config`, and what a test asks of it. */
export interface ConfiguredServer {
  readonly url: string;
  readonly port: number;
  readonly home: string;
  readonly adminKey: string;
  /** One request with the administrator's key; `json` or `body` is sent. */
  ask(method: string, path: string, options?: Asked): Promise<Answered>;
  ingest(
    dataset: string,
    content: string | Uint8Array<ArrayBuffer>,
    fields?: Record<string, string>,
  ): Promise<Answered>;
  sql(sql: string, options?: Record<string, unknown>): Promise<Answered>;
  /** Stops the server, lets `meanwhile` touch the home, and starts it again on the same settings. */
  restart(meanwhile: () => void): Promise<void>;
  /** Stops the server; the home stays. */
  stop(): Promise<void>;
  /** Stops the server where it still runs and removes the home. */
  close(): Promise<void>;
}

export interface Asked {
  readonly json?: unknown;
  readonly body?: string | Uint8Array<ArrayBuffer> | FormData;
  readonly headers?: Record<string, string>;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers are asserted member by member.
  readonly json: any;
}

/** What a server is given beside its lakehouse.toml. */
export interface Given {
  /** Written into the home before the start, by name, readable by their owner alone. */
  readonly files?: Record<string, string>;
  readonly environment?: Record<string, string>;
}

export async function startConfigured(
  config: string,
  { files = {}, environment = {} }: Given = {},
): Promise<ConfiguredServer> {
  const folder = await mkdtemp(join(tmpdir(), 'lakehouse-config-'));
  const home = join(folder, 'home');
  const { adminKey } = await initHome({ home });
  const file = join(home, 'lakehouse.toml');
  await writeFile(file, ignoring(config, process.env.LAKEHOUSE_IGNORED_KEY));
  // What the file says: the port and the level are given by flags, for the sake of the tests alone.
  const { config: settings } = loadConfig({ file, environment });
  for (const [name, text] of Object.entries(files)) await writeFile(join(home, name), text, { mode: 0o600 });
  const flags = { ...(config.includes('\nport = ') ? {} : { 'server.port': 0 }), 'log.level': 'silent' };
  const start = () => startServer({ home, environment, flags });
  looksUnder(settings);
  let running = await start();
  let live = true;
  const stop = async () => {
    if (live) await running.close();
    live = false;
  };
  const ask: ConfiguredServer['ask'] = async (method, path, { json, body, headers } = {}) => {
    looksUnder(settings);
    const content = json === undefined ? body : JSON.stringify(json);
    const response = await fetch(running.url + path, {
      method,
      headers: {
        'x-api-key': adminKey,
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(content === undefined ? {} : { body: content }),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
    return { status: response.status, headers: response.headers, json: isJson ? JSON.parse(text) : text };
  };
  return {
    get url() {
      looksUnder(settings);
      return running.url;
    },
    get port() {
      looksUnder(settings);
      return running.port;
    },
    get home() {
      looksUnder(settings);
      return home;
    },
    adminKey,
    ask,
    ingest(dataset, content, fields = {}) {
      const form = new FormData();
      for (const [name, value] of Object.entries({ dataset, ...fields })) form.set(name, value);
      form.set('file', new Blob([content]), fields.file_name ?? 'rows.csv');
      return ask('POST', '/ingest/file', { body: form });
    },
    sql: (sql, options = {}) => ask('POST', '/query/sql', { json: { sql, ...options } }),
    async restart(meanwhile) {
      await stop();
      meanwhile();
      running = await start();
      live = true;
    },
    stop,
    async close() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What `look` sees of a server of its own. */
export async function observed<T>(
  config: string,
  look: (server: ConfiguredServer) => Promise<T>,
  given: Given = {},
): Promise<T> {
  const server = await startConfigured(config, given);
  try {
    return await look(server);
  } finally {
    await server.close();
  }
}

/** The configuration without one key, as if nothing read it: the key's test must fail then. `*` stands for each name. */
function ignoring(config: string, key: string | undefined): string {
  if (key === undefined) return config;
  const document = parse(config);
  const [name = '', ...tables] = key.split('.').toReversed();
  const found = tables.reduceRight<readonly unknown[]>(
    (at, one) => at.flatMap((table) => (one === '*' ? Object.values(Object(table)) : [Object(table)[one]])),
    [document],
  );
  for (const table of found) {
    if (typeof table === 'object' && table !== null) Reflect.deleteProperty(table, name);
  }
  return stringify(document);
}

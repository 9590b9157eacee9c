import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Child, startPinned, stop } from './process-group.ts';

/** A gateway to measure: where chats go, and with which headers. */
export interface Target {
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly model: string;
  /** Null for the mock itself. */
  readonly pid: number | null;
  close(): Promise<void>;
}

const CACHE = fileURLToPath(new URL('../../.cache/bench-peers/', import.meta.url));
const PORTKEY = '1.15.2';
/** With a later one every stream is answered with 500: what it does to the headers of an answer throws (its issue 1389). */
const PORTKEY_NODE_SERVER = '1.14.1';
const LITELLM = 'litellm[proxy]==1.108.7';
const START_TIMEOUT_MS = 120_000;

/** Portkey's gateway as it comes: no key, no ceiling, no record. Throws why where it cannot be had. */
export async function startPortkey(upstream: string): Promise<Target> {
  const folder = join(CACHE, `portkey-${PORTKEY}-${PORTKEY_NODE_SERVER}`);
  const program = join(folder, 'node_modules/@portkey-ai/gateway/build/start-server.js');
  if (!existsSync(program)) {
    mkdirSync(folder, { recursive: true });
    const wanted = {
      dependencies: { '@portkey-ai/gateway': PORTKEY },
      overrides: { '@hono/node-server': PORTKEY_NODE_SERVER },
    };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(wanted));
    must('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund']);
  }
  const port = await freePort();
  const child = startPinned('gateway', [process.execPath, program, `--port=${port}`, '--headless'], {
    environment: { ...process.env, NODE_ENV: 'production' },
  });
  const config = JSON.stringify({ provider: 'openai', api_key: 'none', custom_host: `${upstream}/v1` });
  return answering(child, {
    name: 'Portkey',
    url: `http://127.0.0.1:${port}/v1/chat/completions`,
    headers: { 'x-portkey-config': config },
    model: 'mock',
    pid: child.pid ?? null,
    close: () => stop(child),
  });
}

/** The proxy of LiteLLM with one worker and nothing on. Throws why where it cannot be had. */
export async function startLiteLlm(upstream: string): Promise<Target> {
  const folder = join(CACHE, 'litellm');
  const program = join(folder, 'bin/litellm');
  if (!existsSync(program)) {
    mkdirSync(CACHE, { recursive: true });
    must('python3', ['-m', 'venv', folder]);
    must(join(folder, 'bin/pip'), ['install', '--disable-pip-version-check', '--quiet', LITELLM]);
  }
  const port = await freePort();
  const file = join(folder, 'bench.yaml');
  writeFileSync(
    file,
    ['mock', 'mock/slow']
      .map(
        (model) =>
          `  - model_name: ${model}\n    litellm_params: { model: openai/${model}, api_base: "${upstream}/v1", api_key: none }`,
      )
      .reduce((text, entry) => `${text}\n${entry}`, 'model_list:'),
  );
  const child = startPinned(
    'gateway',
    [program, '--config', file, '--port', String(port), '--host', '127.0.0.1', '--num_workers', '1'],
    {
      folder,
      environment: {
        ...process.env,
        LITELLM_LOCAL_MODEL_COST_MAP: 'True',
        LITELLM_LOG: 'ERROR',
        LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY: 'true',
      },
    },
  );
  return answering(child, {
    name: 'LiteLLM',
    url: `http://127.0.0.1:${port}/v1/chat/completions`,
    headers: {},
    model: 'mock',
    pid: child.pid ?? null,
    close: () => stop(child),
  });
}

/** The target once a chat through it succeeds. */
async function answering(child: Child, target: Target): Promise<Target> {
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  let last = 'it never listened';
  while (performance.now() < deadlineMs && child.exitCode === null) {
    const body = JSON.stringify({ model: target.model, messages: [{ role: 'user', content: 'Hello' }] });
    const headers = { 'content-type': 'application/json', ...target.headers };
    const answer = await fetch(target.url, { method: 'POST', headers, body }).catch(() => null);
    if (answer?.ok === true) return target;
    if (answer !== null) last = `${answer.status} ${(await answer.text()).slice(0, 200)}`;
    await wait(250);
  }
  await target.close();
  throw new Error(
    `it does not answer chats: ${child.exitCode === null ? last : `it ended with ${child.exitCode}`}`,
  );
}

function must(program: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status === 0) return;
  throw new Error(`${program} ${args[0]} failed: ${error?.message ?? stderr.trim().split('\n').at(-1)}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

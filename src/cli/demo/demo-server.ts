import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CliFailure, EXIT_CODES } from '../cli-failure.ts';

/** A server of its own process on a free port, over a fresh home in a temporary folder. */
export interface DemoServer {
  readonly folder: string;
  readonly home: string;
  readonly url: string;
  readonly pid: number;
  readonly adminKey: string;
  /** Ends the server and removes its folder. */
  remove(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;

export async function startDemoServer(parts: {
  environment: Readonly<Record<string, string | undefined>>;
  fetch: typeof fetch;
  /** Files of the home that replace those `init` makes, by name: `lakehouse.toml`, `routing.toml`. */
  settings?: Readonly<Record<string, string>>;
}): Promise<DemoServer> {
  const folder = mkdtempSync(join(tmpdir(), 'lakehouse-demo-'));
  const home = join(folder, 'home');
  let child: ReturnType<typeof startChild> | null = null;
  try {
    const { initHome } = await import('../../main.ts');
    const { adminKey } = await initHome({ home });
    for (const [name, text] of Object.entries(parts.settings ?? {})) writeFileSync(join(home, name), text);
    child = startChild(folder, home, parts.environment);
    const url = await listening(child, folder, parts.fetch);
    const running = child;
    return {
      folder,
      home,
      url,
      pid: running.pid,
      adminKey,
      async remove() {
        await stop(running);
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    if (child !== null) await stop(child);
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

interface Child {
  readonly pid: number;
  readonly exited: Promise<void>;
  hasExited(): boolean;
}

/** Detached, with its output in files: with --keep it outlives this process, and a Ctrl-C here is not its own. */
function startChild(
  folder: string,
  home: string,
  environment: Readonly<Record<string, string | undefined>>,
): Child {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const program = fileURLToPath(new URL(`../lakehouse.${extension}`, import.meta.url));
  const output = openSync(join(folder, 'serve.out'), 'a', 0o600);
  const errors = openSync(join(folder, 'serve.log'), 'a', 0o600);
  // A setting or a key of the caller's shell must not change what the demo shows.
  const inherited = Object.entries(environment).filter(([name]) => !name.startsWith('LAKEHOUSE_'));
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', program, 'serve', '--home', home, '--port', '0', '--json'],
    { detached: true, stdio: ['ignore', output, errors], env: Object.fromEntries(inherited) },
  );
  closeSync(output);
  closeSync(errors);
  let gone = false;
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  }).then(() => {
    gone = true;
  });
  child.unref();
  if (child.pid === undefined) throw notStarted(folder);
  return { pid: child.pid, exited, hasExited: () => gone };
}

async function listening(child: Child, folder: string, fetcher: typeof fetch): Promise<string> {
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadlineMs && !child.hasExited()) {
    const line = readFileSync(join(folder, 'serve.out'), 'utf8').split('\n')[0] ?? '';
    if (line.startsWith('{')) {
      const { url } = JSON.parse(line) as { url: string };
      const ready = await fetcher(`${url}/ready`).catch(() => null);
      await ready?.body?.cancel();
      if (ready?.ok === true) return url;
    }
    await wait(25);
  }
  throw notStarted(folder);
}

async function stop(child: Child): Promise<void> {
  if (child.hasExited()) return;
  process.kill(child.pid, 'SIGTERM');
  const patience = new AbortController();
  const killed = wait(STOP_TIMEOUT_MS, undefined, { signal: patience.signal })
    .then(() => process.kill(child.pid, 'SIGKILL'))
    .catch(() => undefined);
  await Promise.race([child.exited, killed]);
  await child.exited;
  patience.abort();
}

function notStarted(folder: string): CliFailure {
  const lines = readFileSync(join(folder, 'serve.log'), 'utf8').trim().split('\n').slice(-5);
  const detail = `The demo’s server did not start. Its last words:\n${lines.join('\n')}`;
  return new CliFailure(EXIT_CODES.failed, { code: 'cli.demo_server', detail });
}

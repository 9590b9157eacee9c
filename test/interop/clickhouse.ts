import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const FILES = ['package.json', 'run-queries.mjs'];
const HERE = fileURLToPath(new URL('.', import.meta.url));

/**
 * ClickHouse embedded, installed on first use into a folder of the temporary directory that is named after the pinned
 * version: over 500 MB that the project's own install never sees. Without a lock file: npm refuses one that names
 * only the platform it was made on.
 */
export async function installClickhouse(): Promise<string> {
  const pinned = createHash('sha256');
  for (const file of FILES) pinned.update(await readFile(join(HERE, file)));
  const folder = join(tmpdir(), `lakehouse-interop-${pinned.digest('hex').slice(0, 16)}`);
  if (await exists(folder)) return folder;
  const making = `${folder}.${process.pid}`;
  await mkdir(making, { recursive: true });
  for (const file of FILES) await copyFile(join(HERE, file), join(making, file));
  const npm = process.env.npm_execpath;
  const [command, args] = npm === undefined ? ['npm', []] : [process.execPath, [npm]];
  await run({
    command,
    args: [...args, 'install', '--no-audit', '--no-fund', '--no-package-lock'],
    cwd: making,
    input: '',
  });
  // Another run may have been faster; either folder is the same.
  await rename(making, folder).catch(() => rm(making, { recursive: true, force: true }));
  return folder;
}

/** The rows of each query, as ClickHouse's JSONEachRow gives them. It reads files below `home` and no others. */
export async function queryClickhouse(
  installed: string,
  home: string,
  queries: readonly string[],
): Promise<Record<string, unknown>[][]> {
  const script = join(installed, 'run-queries.mjs');
  const input = JSON.stringify(queries);
  return JSON.parse(await run({ command: process.execPath, args: [script], cwd: home, input }));
}

async function run(job: { command: string; args: string[]; cwd: string; input: string }): Promise<string> {
  const child = spawn(job.command, job.args, { cwd: job.cwd, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(job.input);
  const [output, errors, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve, reject) => child.on('close', resolve).on('error', reject)),
  ]);
  if (code !== 0) throw new Error(`${job.command} ended with ${code}: ${errors.slice(-2_000)}`);
  return output;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

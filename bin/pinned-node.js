// Plain JavaScript that any Node 20 can start: finds the Node.js this package pins and runs the given script in it.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { pathToFileURL } from 'node:url';

const MINIMUM_MAJOR = 24;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const PARENT_CHECK_INTERVAL_MS = 250;

/** The absolute path of a Node.js of the pinned major version, or null where this platform has none. */
export function pinnedNodePath() {
  if (Number(process.versions.node.split('.')[0]) === MINIMUM_MAJOR) return process.execPath;
  const require = createRequire(import.meta.url);
  const file = process.platform === 'win32' ? 'bin/node.exe' : 'bin/node';
  try {
    return require.resolve(`node-${process.platform}-${process.arch}/${file}`.replace('win32', 'win'));
  } catch {
    return Number(process.versions.node.split('.')[0]) > MINIMUM_MAJOR ? process.execPath : null;
  }
}

/** Runs `script` with `args` in the pinned Node.js, passes signals on, and ends with its exit code. */
export function runPinned(script, args) {
  const child = startPinned(script, args, 'inherit');
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal));
}

/**
 * Runs the command `lakehouse` like `runPinned`, over a channel. Its end tells the command that this process is gone. A request to
 * stop is a message, not a signal: a terminal and systemd signal every process of a group, and a second signal means "at once".
 */
export function runCommand(script, args) {
  const child = startPinned(script, args, ['inherit', 'inherit', 'inherit', 'ipc']);
  const stop = () => child.connected && child.send('stop', () => {});
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, stop);
  process.on('SIGHUP', () => child.kill('SIGHUP'));
  if (!isStartedByNpm(process.env.npm_lifecycle_script)) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    stop();
  }, PARENT_CHECK_INTERVAL_MS);
  watch.unref();
}

/**
 * Whether npm's shell waits for this command. npm passes SIGTERM to that shell, which ends of it and passes nothing on. A parent of
 * any other kind may end before the command, as the shell of `nohup lakehouse serve &` does.
 */
function isStartedByNpm(lifecycleScript = '') {
  return /^["']?lakehouse\b/.test(lifecycleScript) && !lifecycleScript.includes('&');
}

function startPinned(script, args, stdio) {
  const node = pinnedNodePath();
  if (node === null) {
    console.error(
      `lakehouse needs Node.js ${MINIMUM_MAJOR}; this is ${process.version} and no packaged one exists for ` +
        `${process.platform}-${process.arch}. Install Node.js ${MINIMUM_MAJOR} and run the command again.`,
    );
    process.exit(2);
  }
  const flags = ['--disable-warning=ExperimentalWarning'];
  const child = spawn(node, [...flags, script, ...args], {
    stdio,
    env: { ...process.env, UV_THREADPOOL_SIZE: process.env.UV_THREADPOOL_SIZE ?? '16' },
  });
  child.on('error', (error) => {
    console.error(`lakehouse: the pinned Node.js could not be started: ${error.message}`);
    process.exit(2);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 1)));
  return child;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [script, ...args] = process.argv.slice(2);
  runPinned(script, args);
}

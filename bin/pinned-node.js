// Plain JavaScript that any Node 20 can start: finds the Node.js this package pins and runs the given script in it.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { pathToFileURL } from 'node:url';

const MINIMUM_MAJOR = 24;

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
    stdio: 'inherit',
    env: { ...process.env, UV_THREADPOOL_SIZE: process.env.UV_THREADPOOL_SIZE ?? '16' },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`lakehouse: the pinned Node.js could not be started: ${error.message}`);
    process.exit(2);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 1)));
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [script, ...args] = process.argv.slice(2);
  runPinned(script, args);
}

import { createPatientFetch } from './patient-fetch.ts';
import { runProgram } from './program.ts';
import { createTerminal } from './terminal.ts';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (interrupted.signal.aborted) process.exit(130);
    interrupted.abort();
  });
}
// A reader that closes the pipe early (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

process.exitCode = await runProgram(process.argv.slice(2), {
  terminal: createTerminal({
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
  }),
  environment: process.env,
  fetch: createPatientFetch(),
  nowMs: () => performance.now(),
  interrupted: interrupted.signal,
});

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

const exitCode = await runProgram(process.argv.slice(2), {
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

// Once everything is written the process ends: a connection that is still being made, and that nobody waits for any more, would
// hold it for as long as such attempts last.
process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)));

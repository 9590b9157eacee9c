import { createPatientFetch } from './patient-fetch.ts';
import { runProgram } from './program.ts';
import { createTerminal } from './terminal.ts';

const interrupted = new AbortController();
// The launcher tells by a message of the signal it got, and a terminal sends the same signal to both: only a second request that
// comes by the same way ends the process at once.
const bySignal = stopRequests();
process.on('SIGINT', bySignal);
process.on('SIGTERM', bySignal);
process.on('message', stopRequests());
// The launcher is gone: nobody is left who would stop this process, which may hold a home.
process.on('disconnect', () => interrupted.abort());
process.channel?.unref();
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

/** A listener whose first call interrupts the command and whose second one ends the process. */
function stopRequests(): () => void {
  let isRepeated = false;
  return () => {
    if (isRepeated) process.exit(130);
    isRepeated = true;
    interrupted.abort();
  };
}

import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';
import workerThreads from 'node:worker_threads';

// Loaded with --import into a server's process: ends one of the store's threads, named by END_THREAD, on SIGUSR2.
const { Worker } = workerThreads;
const threads = new Map<string, InstanceType<typeof Worker>>();

workerThreads.Worker = class extends Worker {
  constructor(...given: ConstructorParameters<typeof Worker>) {
    super(...given);
    threads.set(basename(String(given[0])).replace(/\.\w+$/, ''), this);
  }
};
syncBuiltinESMExports();

if (workerThreads.isMainThread) {
  process.on('SIGUSR2', () => void threads.get(`sqlite-${process.env.END_THREAD}`)?.terminate());
}

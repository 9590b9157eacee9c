import { expect } from 'vitest';
import { ask, type Change } from './change.ts';
import type { ChildServer } from './child-server.ts';
import { ANSWERING, attachStrace, DONE, diskThreads, parseTrace } from './strace.ts';

const STEPS = 'fsync,fdatasync,rename,renameat,renameat2,mkdir,unlink,ftruncate,pwrite64';

/** Environment of a server whose files are all written by one thread. */
export const ONE_FILE_THREAD = { UV_THREADPOOL_SIZE: '1' };

/** A place in a change: just before the n-th call of a kind by one thread. */
export interface Point {
  readonly thread: 'files' | 'store';
  readonly call: string;
  readonly nth: number;
}

/** The steps to the disk of a change, in order, seen in one that goes through. */
export async function pointsOf(server: ChildServer, change: Change): Promise<readonly Point[]> {
  const threads = diskThreads(server.pid);
  const trace = await attachStrace({ pid: server.pid, args: ['-e', `trace=${STEPS},${ANSWERING}`] });
  expect(await ask(server, change)).toBe(true);
  const traced = parseTrace(await trace.detach(DONE));
  // What comes after the answer is the server's own upkeep, and not of every change.
  const answered = traced.findIndex(({ text }) => text.includes(DONE));
  const calls = traced.slice(0, answered).filter(({ call }) => !ANSWERING.split(',').includes(call));
  const points: Point[] = [];
  for (const thread of ['files', 'store'] as const) {
    const own = calls.filter((call) => call.thread === threads[thread]);
    // strace counts each kind of call by itself.
    for (const [call, same] of Map.groupBy(own, (traced) => traced.call)) {
      const every = same.map((_, index) => index + 1);
      // The store writes its log page by page, a few more or fewer each time: some of them stand for all.
      const chosen = call === 'pwrite64' ? every.slice(0, -6).filter((nth) => nth % 12 === 1) : every;
      for (const nth of chosen) points.push({ thread, call, nth });
    }
  }
  expect(points.length).toBeGreaterThan(2);
  return points;
}

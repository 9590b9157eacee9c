import type { Logger, Statement } from '../base/index.ts';

/** Work that no caller asks for, done while the server runs. */
export interface UpkeepTask {
  readonly name: string;
  readonly everyMs: number;
  /** Also run at once: a server that is started more often than that would never come to its first turn. */
  readonly atStart?: boolean;
  run(): Promise<void>;
}

/** Runs each task on its own clock, one run of it at a time; a failure is logged and tried again at the next turn. */
export function startUpkeep(tasks: readonly UpkeepTask[], log: Logger): { stop(): Promise<void> } {
  const running = new Set<Promise<void>>();
  const timers = tasks.map((task) => {
    let busy = false;
    const turn = async () => {
      if (busy) return;
      busy = true;
      await task.run().catch((error: unknown) => log.error({ err: error, task: task.name }, 'upkeep failed'));
      busy = false;
    };
    const begin = () => {
      const done = turn().finally(() => running.delete(done));
      running.add(done);
    };
    if (task.atStart === true) begin();
    return setInterval(begin, task.everyMs).unref();
  });
  return {
    async stop() {
      for (const timer of timers) clearInterval(timer);
      await Promise.all(running);
    },
  };
}

/** Statements of rooms whose upkeep is no change to record: times of last use, forgotten idempotency records. */
export function commitTask(
  name: string,
  everyMs: number,
  parts: { statements(): readonly Statement[]; commit(statements: readonly Statement[]): Promise<unknown> },
): UpkeepTask {
  return {
    name,
    everyMs,
    async run() {
      const statements = parts.statements();
      if (statements.length > 0) await parts.commit(statements);
    },
  };
}

import { humanDuration } from '../human-text.ts';
import type { Terminal } from '../terminal.ts';

/** Where the demo tells its story: numbered steps, each with its time. */
export interface Stage {
  /** Runs one step under a heading; what it says stands below, indented. */
  step<T>(title: string, work: (say: (text?: string) => void) => Promise<T>): Promise<T>;
  /** What was measured, in order. */
  readonly timings: readonly { readonly title: string; readonly milliseconds: number }[];
}

const WIDTH = 96;
const INDENT = '   ';

export function createStage(terminal: Terminal, nowMs: () => number, interrupted: AbortSignal): Stage {
  const { colours } = terminal;
  const timings: { title: string; milliseconds: number }[] = [];
  const say = (text = '') => {
    for (const line of text.split('\n')) terminal.print(line === '' ? '' : INDENT + line);
  };
  return {
    timings,
    async step(title, work) {
      interrupted.throwIfAborted();
      const number = timings.length + 1;
      const heading = ` ${number}  ${title} `;
      const rule = '─'.repeat(Math.max(2, Math.min(WIDTH, terminal.columns) - heading.length));
      terminal.print();
      terminal.print(`${colours.bold(colours.cyan(heading))}${colours.dim(rule)}`);
      const startedMs = nowMs();
      const result = await work(say);
      const milliseconds = nowMs() - startedMs;
      timings.push({ title, milliseconds });
      terminal.print(colours.dim(`${INDENT}${humanDuration(milliseconds)}`));
      return result;
    },
  };
}

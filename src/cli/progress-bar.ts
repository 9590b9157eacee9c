import cliProgress from 'cli-progress';
import { humanBytes, humanCount, humanDuration } from './human-text.ts';
import type { Terminal } from './terminal.ts';

/** Progress over a known total. Drawn on a terminal only; elsewhere `note` lines say when a step is done. */
export interface ProgressBar {
  /** `facts`, where given, stand in place of the rate. */
  advance(done: number, facts?: string): void;
  stop(): void;
}

/** A bar on standard error: name, share, amount, rate. */
export function startProgressBar(
  terminal: Terminal,
  name: string,
  total: number,
  unit: 'bytes' | 'count' = 'bytes',
): ProgressBar {
  if (!terminal.isInteractive) return { advance: () => {}, stop: () => {} };
  const startedMs = performance.now();
  const bar = new cliProgress.SingleBar({
    stream: terminal.stderr as NodeJS.WritableStream,
    hideCursor: true,
    clearOnComplete: true,
    barsize: 24,
    fps: 12,
    barCompleteChar: '━',
    barIncompleteChar: '─',
    format: (_options, { progress, value }, { facts }: { facts?: string }) => {
      const elapsedMs = performance.now() - startedMs;
      const drawn = Math.round(progress * 24);
      const line = terminal.colours.cyan('━'.repeat(drawn)) + terminal.colours.dim('─'.repeat(24 - drawn));
      const amount = unit === 'bytes' ? humanBytes : humanCount;
      const rate = amount(Math.round(value / Math.max(0.05, elapsedMs / 1000)));
      const share = `${String(Math.round(progress * 100)).padStart(3)} %`;
      return ` ${name} ${line} ${share}  ${amount(value)} of ${amount(total)}  ${facts ?? `${rate}/s`}  ${humanDuration(elapsedMs)}`;
    },
  });
  bar.start(Math.max(1, total), 0);
  return { advance: (done, facts) => bar.update(done, { facts }), stop: () => bar.stop() };
}

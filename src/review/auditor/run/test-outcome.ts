import { stripVTControlCharacters } from 'node:util';

/** How a run of tests may end, in words. */
const ENDS = {
  passed: 'passed',
  failed: 'failed',
  unsteady: 'failed and then passed',
  failed_before: 'failed, as it does without the change',
  not_compared: 'failed, and what it does without the change is not known',
  out_of_time: 'failed, and its time was up before that was sure',
  not_run: 'not run',
  timed_out: 'timed out',
  killed: 'killed',
} as const;

/** What one run of tests came to. */
export interface TestOutcome {
  /** The command, as the evidence quotes it. */
  readonly command: string;
  readonly ended: keyof typeof ENDS;
  /** Null where the runner's summary is of no known form. */
  readonly passed: number | null;
  readonly failed: number | null;
  /** What confined the run, in words. */
  readonly limits: string;
  /** All its runs together. */
  readonly tookMs: number;
}

/** Tests that passed and failed, by the last summary of vitest, jest, mocha, node:test, pytest or cargo. */
export function summaryOf(output: string): {
  readonly passed: number | null;
  readonly failed: number | null;
} {
  const text = stripVTControlCharacters(output);
  const last = (pattern: RegExp) => [...text.matchAll(pattern)].pop();
  const line =
    last(/^\s*Tests:?\s+(?=.*\d+ (?:passed|failed))(.*)$/gm)?.[1] ??
    last(/^=+ (.*\d+ (?:passed|failed).*) =+$/gm)?.[1];
  if (line !== undefined)
    return { passed: countIn(line, /(\d+) passed/), failed: countIn(line, /(\d+) failed/) };
  const cargo = last(/^test result: .*?(\d+) passed; (\d+) failed/gm);
  if (cargo !== undefined) return { passed: Number(cargo[1]), failed: Number(cargo[2]) };
  const tap = [last(/^(?:#|ℹ) pass (\d+)/gm), last(/^(?:#|ℹ) fail (\d+)/gm)];
  if (tap[0] !== undefined) return { passed: Number(tap[0][1]), failed: Number(tap[1]?.[1] ?? 0) };
  const mocha = [last(/^\s*(\d+) passing\b/gm), last(/^\s*(\d+) failing\b/gm)];
  if (mocha[0] !== undefined) return { passed: Number(mocha[0][1]), failed: Number(mocha[1]?.[1] ?? 0) };
  return { passed: null, failed: null };
}

/** `exit 0, 12 passed; no network, 4 GB, 300 s: npm test -- a.test.ts`. */
export function outcomeText({ command, ended, passed, failed, limits }: TestOutcome): string {
  const counts = [
    ...(passed === null ? [] : [`${passed} passed`]),
    ...(failed === null || failed === 0 ? [] : [`${failed} failed`]),
  ];
  return `${[ENDS[ended], ...counts].join(', ')} (${limits}): ${command}`;
}

function countIn(line: string, pattern: RegExp): number {
  return Number(pattern.exec(line)?.[1] ?? 0);
}

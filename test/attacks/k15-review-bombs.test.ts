import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findingRowsOf } from '../../src/review/knowledge/index.ts';
import { blindText } from '../../src/review/scrum/reviewed-text/blind-text.ts';
import {
  ANSWER,
  NO_SUGGESTIONS,
  packed,
  type ScrumServer,
  says,
  sendFile,
  start,
  startScrumServer,
} from '../scrum/scrum-server.ts';

// K-15: a file to be reviewed is a caller's text, and is read in the process that serves everybody.

/** Processor time of the work, the least of some runs. */
async function processorMs(work: () => unknown, count = 3): Promise<number> {
  const runs: number[] = [];
  while (runs.length < count) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    runs.push((user + system) / 1_000);
  }
  return Math.max(1, Math.min(...runs));
}

describe('K-15: a file to be reviewed', () => {
  let lake: ScrumServer;
  beforeAll(async () => {
    lake = await startScrumServer();
  });
  afterAll(() => lake.close());

  const text = 'x'.repeat(600_000);
  it.each([
    ['a piece at a line that no file has', { chunks: [{ text: 'a', first_line: 50_000_001 }] }],
    ['pieces that are too large together', { chunks: [1, 9].map((first_line) => ({ text, first_line })) }],
    [
      'a neighbour that is too large beside it',
      { chunks: [{ text, first_line: 1 }], neighbours: [{ path: 'b', text }] },
    ],
  ])('is refused with %s', async (_, members) => {
    const file = { ...packed('src/a.ts', 'a'), ...members };
    lake.upstream.script(says(ANSWER), NO_SUGGESTIONS);
    const begun = await start(lake, [file], { fresh: true });
    const sent = await sendFile(lake, begun.json.iteration_id, file);
    expect(sent.json).toMatchObject({ status: 400, code: 'door.invalid_input' });
  });
});

describe('K-15: what a review looks for in a text', () => {
  it.each([
    ['a German word without end', 'ignorier'],
    ['a Russian word without end', 'игнорир'],
  ])('takes time in proportion to it, for %s', async (_, word) => {
    const timeOf = (characters: number) =>
      processorMs(() => blindText('a.txt', 'text', word.repeat(characters / word.length)));
    const times = [await timeOf(3_000), await timeOf(24_000)];
    expect((times[1] ?? 0) / (times[0] ?? 1)).toBeLessThan(24);
  });

  it('is not looked for in every run of strings of a text that is full of them', async () => {
    const row = (strings: readonly string[]) =>
      `f(${strings.map((one) => `'${one}'`).join(',')})\n${'y = q\n'.repeat(20)}`;
    const words = Array.from({ length: 490 }, () => 'zqzqzqzq');
    const plain = row(words).repeat(20);
    // An order whose halves are too far apart for any run, so that each is read in vain.
    const spread = row(
      words.with(100, 'ignore').fill('--', 101, 180).with(180, 'previousinstruction'),
    ).repeat(20);
    const ratio =
      (await processorMs(() => blindText('a.py', 'python', spread), 1)) /
      (await processorMs(() => blindText('a.py', 'python', plain)));
    expect(ratio).toBeLessThan(24);
  });

  it('finds known findings again without comparing each with each', async () => {
    const words = (seed: number) =>
      Array.from({ length: 400 }, (_, at) => `w${(at * 7 + seed) % 1_500}x`).join(' ');
    const finding = (at: number, seed: number) => ({
      ...{
        path: 'a.ts',
        rule: 'r',
        symbol: 's',
        claim: words(seed + at),
        severity: 'error' as const,
        line: at + 1,
      },
      ...{ found_by: 'r', evidence: 'static' as const, anchor_hash: 'a'.repeat(64), check: null },
    });
    const place = (iteration: number) => ({ repository: 'r', iteration_id: `i${iteration}`, iteration });
    const compare = (count: number) => {
      const at = Array.from({ length: count }, (_, index) => index);
      const history = at.map((index) => {
        const { check: _, ...told } = finding(index, 100_000);
        const open = { check_kind: null, check_name: null, check_passes: null, closed_by_commit: null };
        return { finding_id: `f${index}`, ...place(1), ...told, state: 'new' as const, ...open };
      });
      const reported = at.map((index) => finding(index, 5));
      return processorMs(() =>
        findingRowsOf(
          { ...place(2), commit: 'c', judgedPaths: ['a.ts'], gonePaths: [], reported, anchors: [] },
          history,
        ),
      );
    };
    // Eight times where it grows with the findings, sixty-four with their pairs.
    expect((await compare(800)) / (await compare(100))).toBeLessThan(30);
  });
});

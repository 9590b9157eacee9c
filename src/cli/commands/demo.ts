import { InvalidArgumentError } from 'commander';
import type { AddCommand } from '../cli-context.ts';
import { wholeNumber } from '../command-arguments.ts';
import { runDemo } from '../demo/run-demo.ts';

const DEFAULT_ROWS = 100_000;

const EXAMPLES = `
Examples:
  $ lakehouse demo
  $ lakehouse demo --rows 2470000
  $ lakehouse demo --keep               # leaves the server up and prints curl calls

It starts a server of its own on a free port with a home in a temporary folder, and removes both.`;

/** `demo`: the whole system on real data. */
export const addDemoCommand: AddCommand = (program, context) => {
  program
    .command('demo')
    .summary('the whole system on real data, in a minute; leaves nothing behind')
    .option('--rows <count>', 'generated candidates', rowCount, DEFAULT_ROWS)
    .option('--keep', 'leave the server up and print how to call it')
    .option('--json', 'print what was measured as JSON')
    .addHelpText('after', EXAMPLES)
    .action((options: { rows: number; keep?: boolean; json?: boolean }) =>
      runDemo(context, { rows: options.rows, keep: options.keep === true, json: options.json === true }),
    );
};

function rowCount(text: string): number {
  const rows = wholeNumber(text);
  if (rows < 1 || rows > 1_000_000_000) throw new InvalidArgumentError('It must be from 1 to 1,000,000,000.');
  return rows;
}

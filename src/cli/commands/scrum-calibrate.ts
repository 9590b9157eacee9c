import { type Command, Option } from 'commander';
import type { CliContext } from '../cli-context.ts';
import { collectTexts, wholeNumber } from '../command-arguments.ts';
import { addRemoteOptions } from '../connection.ts';
import type { ScrumCalibrateOptions } from '../scrum/scrum-calibrate.ts';

const EXAMPLES = `
Examples:
  $ lakehouse scrum calibrate                           # 10 defects and 10 clean controls, in this repository's own files
  $ lakehouse scrum calibrate ../service --defects 30 --seed 2 --prompt forensic
  $ lakehouse scrum calibrate --include src --json

Copies are changed in memory and sent to the server, whose models read them as they read every file: no file is written, and
nothing tells a model that it is tried. Defects are planted in TypeScript, JavaScript and Rust. The same seed over the same
files is the same calibration: it goes on where it was broken off, and counts once.`;

/** `scrum calibrate`: what trust in each model of a ladder is made of. */
export function describeCalibrate(command: Command, context: CliContext): void {
  addRemoteOptions(command.argument('[path]', 'a folder or file of the repository', '.'))
    .summary('have planted defects and clean controls read, and publish what each model made of them')
    .option('--defects <count>', 'defects, and as many clean controls', wholeNumber, 10)
    .option('--seed <number>', 'another one plants others', wholeNumber, 1)
    .option('--include <pattern>', 'only these folders, files or glob patterns', collectTexts, [])
    .option('--exclude <pattern>', 'not these', collectTexts, [])
    .option('--repository <name>', 'the name its iterations are compared under (default: of origin)')
    .addOption(new Option('--prompt <name>', 'soft where absent').choices(['soft', 'forensic']))
    .option('--ladder <name>', 'ladder of routing.toml whose models are asked, every one of them', 'scrum')
    .option('--parallel <count>', 'files under way at a time', wholeNumber, 2)
    .addHelpText('after', EXAMPLES)
    .action(async (path: string, options: ScrumCalibrateOptions) => {
      // The parsers are native code that other commands do not need.
      const { scrumCalibrate } = await import('../scrum/scrum-calibrate.ts');
      await scrumCalibrate(context, path, options);
    });
}

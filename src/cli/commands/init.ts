import { resolve } from 'node:path';
import type { AddCommand } from '../cli-context.ts';
import { show } from '../show.ts';

const EXAMPLES = `
Examples:
  $ lakehouse init --home ./home
  $ lakehouse init --home ./home --json | node -p 'JSON.parse(require("fs").readFileSync(0)).admin_key' > admin.key`;

/** `init`: works on the folder itself, without a server. */
export const addInitCommand: AddCommand = (program, context) => {
  program
    .command('init')
    .summary('make a home and its first administrator key')
    .description(
      'Makes the folder that holds everything: store, tables, keys, configuration, example policy and rules.',
    )
    .requiredOption('--home <dir>', 'a folder that is empty or not there yet')
    .option('--json', 'print JSON for scripts')
    .addHelpText('after', EXAMPLES)
    .action(async (options: { home: string; json?: boolean }) => {
      const home = resolve(options.home);
      // Loaded here: remote commands start without the engine and the store.
      const { initHome } = await import('../../main.ts');
      const { adminKey } = await initHome({ home });
      const { colours } = context.terminal;
      show(context, options, { home, admin_key: adminKey }, () =>
        [
          `${colours.green('✓')} ${home} is ready.`,
          '',
          `  admin key  ${colours.green(adminKey)}`,
          `  ${colours.yellow('Keep it now: it is not shown again.')}`,
          '',
          `  next       lakehouse serve --home ${options.home}`,
          '             LAKEHOUSE_API_KEY=<the key> lakehouse whoami',
        ].join('\n'),
      );
    });
};

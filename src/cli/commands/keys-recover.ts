import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { CliContext } from '../cli-context.ts';
import { show } from '../show.ts';

/** `keys recover`: works on the folder, for whoever owns it; the server must be stopped. The recovery is journaled. */
export function describeRecover(command: Command, context: CliContext): void {
  command
    .summary('make another admin key for who owns the home directory; journaled')
    .requiredOption('--home <dir>', 'the home, with its server stopped')
    .option('--json', 'print JSON for scripts')
    .action(async (options: { home: string; json?: boolean }) => {
      const home = resolve(options.home);
      const { recoverKey } = await import('../../main.ts');
      const { adminKey } = await recoverKey({ home, environment: context.environment });
      const { colours } = context.terminal;
      show(
        context,
        options,
        { home, admin_key: adminKey },
        () =>
          `  admin key  ${colours.green(adminKey)}\n  ${colours.yellow('Keep it now: it is not shown again.')} The recovery stands in the journal.`,
      );
    });
}

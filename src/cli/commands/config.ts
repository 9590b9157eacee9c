import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { type LoadedConfig, loadConfig } from '../../config/index.ts';
import { homeLayout } from '../../home/index.ts';
import type { AddCommand, CliContext } from '../cli-context.ts';
import { usageFailure } from '../cli-failure.ts';
import { cellText, displayText } from '../display-text.ts';
import { show } from '../show.ts';
import { renderTable } from '../table.ts';

interface ConfigOptions {
  readonly home?: string;
  readonly file?: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ lakehouse config check --home ./home        # exit code 2 and the line, key and suggestion of each mistake
  $ lakehouse config check --file lakehouse.toml   # this file alone
  $ lakehouse config show --home ./home         # every key in force, and where it came from

With --home the check reads what a start reads: lakehouse.toml and, as it names them, the truth rules, the
policy file, the tool files, the escalations of observer.toml, the routing file, the model catalogue and the review
prompts, the SQL of policy and tools too. Whether a rule's task class is judged and the keys of model providers are
there, the start itself says.`;

/** `config`: reads files and environment, never a server. */
export const addConfigCommand: AddCommand = (program, context) => {
  const config = program
    .command('config')
    .description('check and show the configuration')
    .addHelpText('after', EXAMPLES);

  sources(config.command('check').summary('check the settings files and the environment')).action(
    async (options: ConfigOptions) => {
      const { loaded, files } = await checked(context, options);
      const keys = loaded.origins.size;
      const set = [...loaded.origins.values()].filter((origin) => origin !== 'default').length;
      show(context, options, { valid: true, keys, set, files }, () => {
        const tick = context.terminal.colours.green('✓');
        const named = options.home !== undefined || options.file !== undefined;
        const lines = [
          ...(named ? [] : ['No file was read: --home or --file names one. Of the environment alone:']),
          `${tick} The configuration is valid: ${set} of ${keys} keys are set, the rest have their defaults.`,
          ...files.map((file) => `${tick} ${displayText(file)} is valid.`),
        ];
        return lines.join('\n');
      });
    },
  );

  sources(config.command('show').summary('every key in force, and where it came from')).action(
    (options: ConfigOptions) => {
      const loaded = load(context, options);
      const settings = [...loaded.origins].map(([key, origin]) => ({
        key,
        value: valueAt(loaded.config, key),
        origin,
      }));
      show(context, options, { settings }, () => {
        const { colours, columns } = context.terminal;
        const rows = settings.map(({ key, value, origin }) => [
          displayText(key),
          cellText(value),
          origin === 'default' ? colours.dim(origin) : colours.cyan(displayText(origin)),
        ]);
        return renderTable({ head: ['key', 'value', 'from'], rows, columns, colours });
      });
    },
  );
};

function sources(command: Command): Command {
  return command
    .option('--home <dir>', 'the home whose lakehouse.toml to read')
    .option('--file <file>', 'a file to read instead')
    .option('--json', 'print JSON for scripts');
}

/** A home is checked with all it names; a file by itself, since what it names is relative to a home. */
async function checked(
  context: CliContext,
  options: ConfigOptions,
): Promise<{ readonly loaded: LoadedConfig; readonly files: readonly string[] }> {
  if (options.home === undefined || options.file !== undefined)
    return { loaded: load(context, options), files: [] };
  const { checkSettings } = await import('../../main.ts');
  return checkSettings({ home: resolve(options.home), environment: context.environment });
}

function load(context: CliContext, options: ConfigOptions): LoadedConfig {
  if (options.home !== undefined && options.file !== undefined) {
    throw usageFailure('Give --home or --file, not both.');
  }
  const inHome = options.home === undefined ? null : homeLayout(resolve(options.home)).configFile;
  const file = options.file ?? (inHome !== null && existsSync(inHome) ? inHome : null);
  return loadConfig({ file, environment: context.environment });
}

function valueAt(config: unknown, key: string): unknown {
  return key.split('.').reduce<unknown>((value, part) => {
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[part] : undefined;
  }, config);
}

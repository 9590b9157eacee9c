import { z } from 'zod';
import { closestName } from './closest-name.ts';
import type { Setting } from './settings.ts';

/** Variables that start with LAKEHOUSE_ and are not settings: what the command line and the tests read. */
const OTHER_VARIABLES: ReadonlySet<string> = new Set([
  'LAKEHOUSE_API_KEY',
  'LAKEHOUSE_HOME',
  'LAKEHOUSE_SEED',
  'LAKEHOUSE_URL',
]);

const PREFIX = 'LAKEHOUSE_';

/** A setting given by the environment, or why the variable is refused. */
export type EnvironmentValue =
  | { readonly variable: string; readonly path: readonly string[]; readonly value: unknown }
  | { readonly variable: string; readonly message: string; readonly suggestion: string | null };

/**
 * Settings from variables: `LAKEHOUSE_` and the key's path joined by `_`, in capitals: `LAKEHOUSE_SERVER_PORT`. A name
 * the user chooses stands between double underscores, with `_` for `-`: `LAKEHOUSE_STORAGE_BUCKETS__COLD_DATA__PATH` is
 * `storage.buckets.cold-data.path`. Lists are separated by commas. An unknown LAKEHOUSE_ variable is refused, so that a
 * typing mistake never leaves a setting silently unchanged.
 */
export function environmentSettings(
  environment: Readonly<Record<string, string | undefined>>,
  settings: readonly Setting[],
): readonly EnvironmentValue[] {
  const names = [...settings.map(variableName), ...OTHER_VARIABLES].map((name) => name.slice(PREFIX.length));
  return Object.keys(environment)
    .filter((variable) => variable.startsWith(PREFIX) && !OTHER_VARIABLES.has(variable))
    .sort()
    .map((variable) => {
      const text = environment[variable] ?? '';
      for (const setting of settings) {
        const path = matchedPath(variable, setting);
        if (path !== null) return { variable, path, value: typed(text, setting.schema) };
      }
      const near = closestName(variable.slice(PREFIX.length), names);
      return { variable, message: 'Unknown variable.', suggestion: near === null ? null : PREFIX + near };
    });
}

/** The variable that overrides a setting, with `<NAME>` for a name the user chooses. */
export function variableName(setting: Setting): string {
  return (
    PREFIX +
    setting.path
      .map((part) => part.toUpperCase())
      .join('_')
      .replaceAll('_*_', '__<NAME>__')
  );
}

function matchedPath(variable: string, setting: Setting): readonly string[] | null {
  const name = variableName(setting);
  if (variable === name && !setting.path.includes('*')) return setting.path;
  const [before, after] = name.split('<NAME>');
  if (before === undefined || after === undefined) return null;
  if (!variable.startsWith(before) || !variable.endsWith(after)) return null;
  const chosen = variable.slice(before.length, variable.length - after.length);
  if (chosen === '') return null;
  const key = chosen.toLowerCase().replaceAll('_', '-');
  return setting.path.map((part) => (part === '*' ? key : part));
}

/** The text as the type the schema asks for; text that does not fit is left as text for the schema to refuse. */
function typed(text: string, schema: z.core.$ZodType): unknown {
  if (schema instanceof z.ZodNumber) return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (schema instanceof z.ZodBoolean) return text === 'true' ? true : text === 'false' ? false : text;
  if (schema instanceof z.ZodArray) {
    return text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  }
  return text;
}

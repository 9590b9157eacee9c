// Writes config/lakehouse.toml: every key of the configuration with its default, made from the schema.
// Run: node bin/pinned-node.js scripts/generate-config-example.ts
import { writeFileSync } from 'node:fs';
import { configSchema, loadConfig, type Setting, settingsOf, variableName } from '../src/config/index.ts';

const HEAD = `# Configuration of lakehouse: every key with its default. Made from src/config/schema.ts by
# scripts/generate-config-example.ts; test/config.test.ts compares the two. Copy it, take the # away from what you change.
#
# Each key can also be set by the environment variable named beside it, and that wins over the file; lists are separated
# by commas. An unknown key or variable, or a wrong type, is refused at the start with its line and a suggestion.
`;

/** The name that stands for one the user chooses. */
const CHOSEN_NAME = 'default';

/** The text of config/lakehouse.toml. */
export function configExample(): string {
  const tables = new Map<string, string[]>();
  for (const setting of settingsOf(configSchema)) {
    const path = setting.path.map((part) => (part === '*' ? CHOSEN_NAME : part));
    const table = path.slice(0, -1).join('.');
    const lines = tables.get(table) ?? [];
    lines.push('', ...comment(setting), `# ${path.at(-1)} = ${JSON.stringify(defaultOf(setting, path))}`);
    tables.set(table, lines);
  }
  const texts = [...tables].map(([table, lines]) => `\n${heading(table)}${lines.join('\n')}\n`);
  return HEAD + texts.join('');
}

/** A table of a chosen name stays a comment too: uncommented it would be one without its required keys. */
function heading(table: string): string {
  return table.endsWith(`.${CHOSEN_NAME}`) ? `# [${table}]` : `[${table}]`;
}

function comment(setting: Setting): readonly string[] {
  return [`# ${setting.description} (${variableName(setting)})`];
}

function defaultOf(setting: Setting, path: readonly string[]): unknown {
  if (setting.defaultValue !== undefined) return setting.defaultValue;
  const { config } = loadConfig({ file: null, environment: {} });
  return path.reduce<unknown>((value, key) => Object.getOwnPropertyDescriptor(value, key)?.value, config);
}

if (import.meta.main) {
  writeFileSync(new URL('../config/lakehouse.toml', import.meta.url), configExample());
}

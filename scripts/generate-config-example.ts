// Writes config/lakehouse.toml: every key of the configuration with its default, made from the schema.
// Run: node bin/pinned-node.js scripts/generate-config-example.ts
import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { configSchema, loadConfig, type Setting, settingsOf, variableName } from '../src/config/index.ts';

const HEAD = `# Configuration of lakehouse: every key with its default. Made from src/config/schema.ts by
# scripts/generate-config-example.ts; test/config.test.ts compares the two. Copy it, take the # away from what you change.
#
# Each key can also be set by the environment variable named beside it, and that wins over the file; lists are separated
# by commas. An unknown key or variable, or a wrong type, is refused at the start with its line and a suggestion.
# Lines with two # are an example of what is not there by default.
`;

/** The name that stands for one the user chooses, by the table of such names. */
const CHOSEN_NAMES: Readonly<Record<string, string>> = { 'models.providers': 'openai' };
const USUAL_NAME = 'default';

/** The text of config/lakehouse.toml. */
export function configExample(): string {
  const tables = new Map<string, string[]>();
  for (const setting of settingsOf(configSchema)) {
    const path = setting.path.map((part, index) =>
      part === '*' ? (CHOSEN_NAMES[setting.path.slice(0, index).join('.')] ?? USUAL_NAME) : part,
    );
    const table = path.slice(0, -1).join('.');
    const lines = tables.get(table) ?? [];
    const mark = isExample(table) ? '##' : '#';
    lines.push(
      '',
      ...comment(setting),
      `${mark} ${path.at(-1)} = ${JSON.stringify(defaultOf(setting, path))}`,
    );
    tables.set(table, lines);
  }
  const texts = [...tables].map(([table, lines]) => `\n${heading(table)}${lines.join('\n')}\n`);
  return HEAD + texts.join('');
}

/** Whether a table of a chosen name is not there by default. */
function isExample(table: string): boolean {
  return Object.entries(CHOSEN_NAMES).some(([parent, name]) => table === `${parent}.${name}`);
}

/** A table of a chosen name stays a comment too: uncommented it would be one without its required keys. */
function heading(table: string): string {
  if (isExample(table)) return `## [${table}]`;
  return table.endsWith(`.${USUAL_NAME}`) ? `# [${table}]` : `[${table}]`;
}

function comment(setting: Setting): readonly string[] {
  return [`# ${setting.description} (${variableName(setting)})`];
}

function defaultOf(setting: Setting, path: readonly string[]): unknown {
  if (setting.defaultValue !== undefined) return setting.defaultValue;
  if (setting.schema instanceof z.ZodEnum) return setting.schema.options[0];
  const { config } = loadConfig({ file: null, environment: {} });
  return path.reduce<unknown>((value, key) => Object.getOwnPropertyDescriptor(value, key)?.value, config);
}

if (import.meta.main) {
  writeFileSync(new URL('../config/lakehouse.toml', import.meta.url), configExample());
}

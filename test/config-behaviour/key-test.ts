import { expect, test } from 'vitest';
import { type Config, configSchema } from '../../src/config/index.ts';

/** `section.key: what a user sees of it`. */
export type KeyTitle = `${string}.${string}: ${string}`;

const DEFAULTS = configSchema.parse({});
/** The configurations of what the running test has used; a file's tests run one after the other. */
const used = new Set<Config>();

/** Says that the running test looks at something that works under this configuration. */
export function looksUnder(config: Config): void {
  used.add(config);
}

/**
 * A test that changing one configuration key changes what is observed. It fails where nothing it looked at has another
 * value of the key than the default, or, of a key below a named table, than another that it looked at. `test/config-behaviour.test.ts` finds it by its title: write the title as text.
 */
export function keyTest(title: KeyTitle, run: () => Promise<void>): void {
  test(title, async () => {
    used.clear();
    await run();
    // Where the key is ignored, the test itself must have failed by now.
    if (process.env.LAKEHOUSE_IGNORED_KEY !== undefined) return;
    const key = title.slice(0, title.indexOf(':')).split('.');
    const found = [DEFAULTS, ...used].flatMap((config) => valuesAt(config, key));
    const values = new Set(found.map((value) => JSON.stringify(value)));
    expect(values.size, `${title}: nothing it looked at has the key changed`).toBeGreaterThan(1);
  });
}

/** The same for each row of a table that starts with the title. */
export function keyTests<Row extends readonly unknown[]>(
  rows: readonly (readonly [KeyTitle, ...Row])[],
  run: (title: KeyTitle, ...row: Row) => Promise<void>,
): void {
  for (const [title, ...row] of rows) keyTest(title, () => run(title, ...row));
}

/** The key's value; of a key below a named table, one for each name. */
function valuesAt(value: unknown, [name, ...rest]: readonly string[]): readonly unknown[] {
  if (name === undefined) return [value];
  if (typeof value !== 'object' || value === null) return [];
  const members = Object.entries(value).filter(([own]) => name === '*' || own === name);
  return members.flatMap(([, member]) => valuesAt(member, rest));
}

import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { configSchema, settingsOf } from '../src/config/index.ts';
import { sourceTree, walk } from './support/source-tree.ts';

// Every key has a test in config-behaviour/ that runs a server or process with the key changed and sees the difference.
// `keyTest` fails where the key was not changed in what the test looked at. That the test sees the difference can be
// tried: LAKEHOUSE_IGNORED_KEY=server.host gives every server the default of that key, and the key's test must fail.

/** The keys of the titles that the tests of the folder are made from, by the calls that stand at the top of a file. */
function keysTested(): readonly string[] {
  const files = sourceTree(['test/config-behaviour'], { tests: true });
  return files
    .filter(({ path }) => path.endsWith('.test.ts'))
    .flatMap(({ program }) => program.body)
    .flatMap((statement) => {
      if (statement.type !== 'ExpressionStatement' || statement.expression.type !== 'CallExpression')
        return [];
      const { callee, arguments: given } = statement.expression;
      if (callee.type !== 'Identifier' || !/^keyTests?$/.test(callee.name)) return [];
      const found: string[] = [];
      walk(given[0], ({ type, value }) => {
        const key = type === 'Literal' ? /^([a-z]+(?:\.[a-z_*]+)+): /.exec(String(value))?.[1] : undefined;
        if (key !== undefined) found.push(key);
      });
      return found;
    });
}

test('changing any configuration key changes what its own test observes', () => {
  const keys = settingsOf(configSchema).map(({ path }) => path.join('.'));
  expect(keysTested().toSorted()).toEqual(keys.toSorted());
});

test('no test of the folder is of another kind', () => {
  const others = sourceTree(['test/config-behaviour'], { tests: true }).flatMap(({ path, module }) =>
    module.staticImports
      .filter(({ moduleRequest, entries }) => {
        const names = entries.map(({ importName }) => importName.name);
        return moduleRequest.value === 'vitest' && (names.includes('test') || names.includes('it'));
      })
      .map(() => basename(path)),
  );
  expect(others).toEqual(['key-test.ts']);
});

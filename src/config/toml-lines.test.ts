import { expect, test } from 'vitest';
import { tomlLines } from './toml-lines.ts';

const DOCUMENT = `# a comment = 1
title = "a # b"   # tail
long = """
[not.a.table]
x = 1
""""
'quoted key' = [1, # one
  { a = 1, b = [
    2 ] },
]
[table."with \\u0041.dot"]
deep.er = '''
'''
[[rules]]
name = "first"
[rules.when]
of = [ { kind = "x" } ]
[[rules]]
name = "second"
[[rules.parts]]
p = 1
[[rules.parts]]
p = 2
`;

test.each([
  [['title'], 2],
  [['long'], 3],
  [['quoted key'], 7],
  [['quoted key', 1, 'a'], 8],
  [['quoted key', 1, 'b', 0], 9],
  [['table', 'with A.dot'], 11],
  [['table', 'with A.dot', 'deep', 'er'], 12],
  [['rules', 0], 14],
  [['rules', 0, 'name'], 15],
  [['rules', 0, 'when', 'of', 0, 'kind'], 17],
  [['rules', 1, 'name'], 19],
  [['rules', 1, 'parts', 0, 'p'], 21],
  [['rules', 1, 'parts', 1, 'p'], 23],
  [['rules', 1, 'parts', 1, 'missing'], 22],
])('finds %j at line %i', (path, line) => {
  expect(tomlLines(DOCUMENT).lineOf(path)).toBe(line);
});

test('knows no line for a key the document does not write', () => {
  expect(tomlLines(DOCUMENT).ownLineOf(['rules', 0, 'other'])).toBeNull();
  expect(tomlLines(DOCUMENT).lineOf(['other'])).toBeNull();
});

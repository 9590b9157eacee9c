import { describe, expect, it } from 'vitest';
import { sourceSections } from './source-sections.ts';

function check(path: string, text: string): readonly number[] {
  const sections = sourceSections(path, text);
  expect(sections.map((one) => one.text).join('\n')).toBe(text);
  return sections.map(({ firstLine }) => firstLine);
}

describe('the sections of a file', () => {
  it.each([
    [
      'a.ts',
      "import './b.ts';\n\n/** What it does. */\nexport function one() {}\n\nconst two = 2;\n",
      [1, 3, 6],
    ],
    ['a.rs', 'use a::b;\n\n#[inline]\npub fn one() {}\n\nimpl Two {\n    fn three() {}\n}\n', [1, 3, 6]],
    [
      'a.py',
      'import os\n\n@cached\ndef one():\n    x = 1\n\n    return x\n\nclass Two:\n    pass\n',
      [1, 3, 9],
    ],
    ['a.go', 'package a\n\n// One does.\nfunc One() {\n}\n\nvar two = 2\n', [1, 3, 7]],
    ['a.ts', 'this is { no TypeScript\n\nat all (\n', [1, 3]],
    ['a.sql', '', [1]],
  ])('%s %#', (path, text, starts) => {
    expect(check(path, text)).toEqual(starts);
  });
});

import { describe, expect, it } from 'vitest';
import { anchoredCode } from './code-anchor.ts';

const SCRIPT = `import { a } from './a.ts';

export function canRead(name: string): boolean {
  // Names of people are long.
  return name.length > 3;
}

class Door {
  open(): void {
    a();
  }
}
`;
const RUST = 'struct Door;\n\nimpl Door {\n    fn open(&self) -> bool {\n        true\n    }\n}\n';
const PYTHON = 'import os\n\ndef can_read(name):\n    return len(name) > 3\n\ndef other():\n    return 1\n';

function check(
  path: string,
  before: string,
  after: string,
  place: { symbol: string; line: number },
): boolean {
  return anchoredCode(path, after).holds(anchoredCode(path, before).anchorOf(place));
}

describe('the anchor of a finding', () => {
  it.each([
    ['code that moved down', 'a.ts', SCRIPT, `// one\n\nconst two = 2;\n${SCRIPT}`, 'canRead', 5, true],
    ['other white space', 'a.ts', SCRIPT, SCRIPT.replaceAll('  ', '    '), 'canRead', 5, true],
    ['another comment', 'a.ts', SCRIPT, SCRIPT.replace('Names of people', 'Texts'), 'canRead', 5, true],
    ['a change elsewhere in the file', 'a.ts', SCRIPT, SCRIPT.replace('a();', 'b();'), 'canRead', 5, true],
    ['a change of the symbol', 'a.ts', SCRIPT, SCRIPT.replace('> 3', '> 4'), 'canRead', 5, false],
    [
      'a change of a method, by its path',
      'a.ts',
      SCRIPT,
      SCRIPT.replace('a();', 'b();'),
      'Door.open',
      9,
      false,
    ],
    [
      'a change of a method, by its last name',
      'a.ts',
      SCRIPT,
      SCRIPT.replace('a();', 'b();'),
      'open',
      9,
      false,
    ],
    ['a symbol that is gone', 'a.ts', SCRIPT, SCRIPT.replace(/class Door[\s\S]*/, ''), 'Door.open', 9, false],
    ['Rust that moved', 'a.rs', RUST, `use std::fmt;\n\n${RUST}`, 'Door.open', 4, true],
    ['Rust that changed', 'a.rs', RUST, RUST.replace('true', 'false'), 'Door.open', 4, false],
    ['lines that moved, in another language', 'a.py', PYTHON, `x = 1\n\n\n\n${PYTHON}`, '', 4, true],
    [
      'lines that changed, in another language',
      'a.py',
      PYTHON,
      PYTHON.replace('> 3', '> 4'),
      'can_read',
      4,
      false,
    ],
    ['lines before a line break at the end', 'a.py', PYTHON.trimEnd(), PYTHON, '', 7, true],
    ['lines far from a change', 'a.py', PYTHON, `${PYTHON}\n\n\n\nlast = 1\n`, 'can_read', 3, true],
  ])('%s', (_, path, before, after, symbol, line, isSame) => {
    expect(check(path, before, after, { symbol, line })).toBe(isSame);
  });

  it('exists for a line that the file does not have', () => {
    expect(anchoredCode('a.py', PYTHON).anchorOf({ symbol: '', line: 900 })).toMatch(/^[0-9a-f]{64}$/);
    expect(anchoredCode('a.py', '').anchorOf({ symbol: '', line: 1 })).toMatch(/^[0-9a-f]{64}$/);
  });
});

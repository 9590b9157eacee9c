import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { treeFiles } from '../tree-files.ts';
import { linkFiles } from './file-links.ts';

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'lakehouse-links-')));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function linksOf(files: Readonly<Record<string, string>>) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return linkFiles(treeFiles(root));
}

describe('which files import which', () => {
  it.each<[string, Record<string, string>, string, string[]]>([
    [
      'every form of TypeScript and JavaScript',
      {
        'src/a.ts':
          "import './b.js';\nexport * from './c.ts';\nconst d = require('./d');\nawait import('./e.ts');\n",
        'src/b.ts': '',
        'src/c.ts': 'export const c = 1;\n',
        'src/d.js': 'module.exports = 1;\n',
        'src/e.ts': 'export const e = 1;\n',
        'src/f.ts': '',
      },
      'src/a.ts',
      ['src/b.ts', 'src/c.ts', 'src/d.js', 'src/e.ts'],
    ],
    [
      'modules of Rust',
      {
        'src/lib.rs': 'mod a;\npub(crate) mod b;\n',
        'src/a.rs': 'use crate::b::inner::Thing;\n',
        'src/b/mod.rs': '',
        'src/b/inner.rs': 'use super::deep;\n',
        'src/b/deep.rs': '',
      },
      'src/a.rs',
      ['src/b/inner.rs', 'src/b/mod.rs'],
    ],
    [
      'modules of Python',
      {
        'pkg/a.py': 'from .b import x\nfrom . import c\nimport other.d\n',
        'pkg/b.py': '',
        'pkg/c.py': '',
        'other/d.py': '',
      },
      'pkg/a.py',
      ['other/d.py', 'pkg/b.py', 'pkg/c.py'],
    ],
    [
      'packages of Go',
      {
        'go.mod': 'module example.org/x\n',
        'main.go': 'import (\n\t"fmt"\n\t"example.org/x/auth"\n)\n',
        'auth/a.go': '',
        'auth/b.go': '',
      },
      'main.go',
      ['auth/a.go', 'auth/b.go'],
    ],
    [
      'headers of C',
      { 'src/a.c': '#include "a.h"\n#include <stdio.h>\n', 'src/a.h': '' },
      'src/a.c',
      ['src/a.h'],
    ],
    [
      'classes of Java',
      { 'src/main/java/org/x/A.java': 'import org.x.B;\n', 'src/main/java/org/x/B.java': '' },
      'src/main/java/org/x/A.java',
      ['src/main/java/org/x/B.java'],
    ],
    [
      'no file by a name that two have',
      { 'a.c': '#include "x.h"\n', 'one/x.h': '', 'two/x.h': '' },
      'a.c',
      [],
    ],
  ])('%s', (_, files, path, imported) => {
    const links = linksOf(files);
    expect(links.importsOf(path)).toEqual(imported);
    for (const one of imported) expect(links.importersOf(one)).toContain(path);
  });
});

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A small tree written out in one file, with the lines on which a rule has to report. */
export interface RuleCase {
  /** What the case shows: the text before its first file. */
  readonly what: string;
  readonly files: ReadonlyMap<string, string>;
  /** `src/a.ts:3`, sorted. */
  readonly expected: readonly string[];
}

/** A line that ends so has to be reported: `// <- finding`, `# <- finding`. */
const MARK = /\s*(?:\/\/|#)\s*<- finding$/;

/** Reads a case: files begin with a line `-- path --`. */
export function readCase(text: string): RuleCase {
  const [what = '', ...parts] = text.split(/^-- (.+) --\n/m);
  const files = new Map<string, string>();
  const expected: string[] = [];
  for (let at = 0; at < parts.length; at += 2) {
    const path = parts[at] ?? '';
    const lines = (parts[at + 1] ?? '').split('\n');
    for (const [index, line] of lines.entries()) if (MARK.test(line)) expected.push(`${path}:${index + 1}`);
    files.set(path, lines.map((line) => line.replace(MARK, '')).join('\n'));
  }
  return { what: what.trim(), files, expected: expected.sort() };
}

/** Writes the files to a folder that is there for as long as `work` runs. */
export async function withTree<T>(
  files: ReadonlyMap<string, string>,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lakehouse-case-')));
  try {
    for (const [path, text] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

import { describe, expect, it } from 'vitest';
import { sourceSections } from '../../review/inspect/index.ts';
import { neighbourExcerpts } from './neighbour-excerpts.ts';

const filler = (name: string) => `export function ${name}() {\n${"  work('…');\n".repeat(900)}}\n`;
const FILE = {
  path: 'src/door.ts',
  text: "import { canRead } from './access.ts';\nexport function open() { canRead(); }\n",
};

function check(
  texts: Readonly<Record<string, string>>,
  paths: { imported?: string[]; importers?: string[] },
): readonly { readonly path: string; readonly text: string }[] {
  const { imported = [], importers = [] } = paths;
  const readText = (path: string) => (path === FILE.path ? FILE.text : (texts[path] ?? null));
  const sectionsOf = (path: string) => sourceSections(path, readText(path) ?? '');
  return neighbourExcerpts(FILE, { imported, importers }, { readText, sectionsOf });
}

describe('the neighbours of a file', () => {
  it('are whole where they are short', () => {
    const text = 'export function canRead() {}\n';
    expect(check({ 'src/access.ts': text }, { imported: ['src/access.ts'] })).toEqual([
      { path: 'src/access.ts', text },
    ]);
  });

  it('of an imported file show what the file mentions', () => {
    const text = `${filler('other')}\nexport function canRead() {\n  return secretRule;\n}\n\n${filler('another')}`;
    const [neighbour] = check({ 'src/access.ts': text }, { imported: ['src/access.ts'] });
    expect(neighbour?.text).toContain('secretRule');
    expect(neighbour?.text).not.toContain('another');
  });

  it('of an importer show what mentions the file', () => {
    const text = `${filler('other')}\nfunction serve() {\n  if (ready) open();\n}\n\n${filler('another')}`;
    const [neighbour] = check({ 'src/main.ts': text }, { importers: ['src/main.ts'] });
    expect(neighbour?.text).toContain('if (ready) open();');
    expect(neighbour?.text).not.toContain('another');
  });

  it('take turns, and stay within a size, however many there are', () => {
    const imported = Array.from({ length: 60 }, (_, at) => `src/in${at}.ts`);
    const importers = Array.from({ length: 60 }, (_, at) => `src/out${at}.ts`);
    const texts = Object.fromEntries([...imported, ...importers].map((path) => [path, filler('open')]));
    const neighbours = check(texts, { imported, importers });
    expect(neighbours.map(({ path }) => path).slice(0, 4)).toEqual([
      'src/in0.ts',
      'src/out0.ts',
      'src/in1.ts',
      'src/out1.ts',
    ]);
    expect(neighbours.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThanOrEqual(24_000);
  });

  it('leaves out what is no text', () => {
    expect(check({}, { imported: ['src/logo.png'] })).toEqual([]);
  });
});

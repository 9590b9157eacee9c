import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileChunks, MOST_CHUNK_CHARACTERS } from './file-chunks.ts';

const declaration = (name: string, lines: number) =>
  `function ${name}() {\n${`  work('${'x'.repeat(60)}');\n`.repeat(lines)}}\n`;

describe('the chunks of a file', () => {
  it('are one where it is short, also an empty one', () => {
    expect(fileChunks('a.ts', 'let a;\n')).toEqual([{ text: 'let a;\n', first_line: 1 }]);
    expect(fileChunks('a.ts', '')).toEqual([{ text: '', first_line: 1 }]);
  });

  it('begin with a declaration of the top level', () => {
    const text = [declaration('one', 300), declaration('two', 300), declaration('three', 300)].join('\n');
    const chunks = fileChunks('a.ts', text);
    expect(chunks.map((chunk) => chunk.text.split('\n')[0])).toEqual([
      'function one() {',
      'function two() {',
      'function three() {',
    ]);
    const lines = text.split('\n');
    for (const { first_line, text: part } of chunks) expect(lines[first_line - 1]).toBe(part.split('\n')[0]);
  });

  it('are the file, none longer than a model reads, whatever the text', () => {
    const line = fc.oneof(
      fc.constantFrom('', 'def a():', '    return 1', '# comment', '@cached', 'x'.repeat(9_000)),
      fc.string({ maxLength: 60 }).map((text) => text.replaceAll('\n', ' ')),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 60 }), (lines) => {
        const text = lines.join('\n');
        const chunks = fileChunks('a.py', text);
        expect(chunks.map((chunk) => chunk.text).join('')).toBe(text);
        for (const chunk of chunks) expect(chunk.text.length).toBeLessThanOrEqual(MOST_CHUNK_CHARACTERS);
        expect(chunks.map((chunk) => chunk.first_line)).toEqual(
          chunks.map((_, at) => 1 + linesIn(chunks.slice(0, at))),
        );
      }),
    );
  });
});

function linesIn(chunks: readonly { readonly text: string }[]): number {
  return chunks.reduce((sum, { text }) => sum + text.split('\n').length - 1, 0);
}

import { sourceSections } from '../../review/inspect/index.ts';

export interface FileChunk {
  readonly text: string;
  readonly first_line: number;
}

/** About ten thousand tokens: more than nearly every file, and what a small model still reads with care. */
export const MOST_CHUNK_CHARACTERS = 40_000;

/**
 * A file in pieces of a size a model reads, cut between declarations of its top level; a longer declaration is cut
 * between lines. One after the other the pieces are the file.
 */
export function fileChunks(path: string, text: string): readonly FileChunk[] {
  if (text.length <= MOST_CHUNK_CHARACTERS) return [{ text, first_line: 1 }];
  const chunks: FileChunk[] = [];
  let open: { lines: string[]; size: number; firstLine: number } = { lines: [], size: 0, firstLine: 1 };
  const close = (end: string) => {
    if (open.lines.length === 0) return;
    chunks.push({ text: `${open.lines.join('\n')}${end}`, first_line: open.firstLine });
    open = { lines: [], size: 0, firstLine: open.firstLine + open.lines.length };
  };
  for (const section of sourceSections(path, text)) {
    if (open.size + section.text.length + 1 > MOST_CHUNK_CHARACTERS) close('\n');
    for (const line of section.text.split('\n')) {
      if (open.size + line.length + 1 > MOST_CHUNK_CHARACTERS) close('\n');
      open.lines.push(line);
      open.size += line.length + 1;
    }
  }
  close('');
  return chunks;
}

import { z } from 'zod';
import { canonicalJson, sha256Hex } from '../../base/index.ts';

/** Characters of one file and its neighbours that a model is shown at most. */
const MAX_FILE_CHARACTERS = 1_000_000;
/** A file is put together line by line, also where pieces of it are left out. */
const MAX_LINES = 1_000_000;

/** A path of the repository, as git writes it. */
export const repositoryPath = z
  .string()
  .min(1)
  .max(1_024)
  .regex(/^\P{Cc}+$/u, 'Must hold no control characters')
  .describe('Path within the repository, with /.');

const chunk = z.strictObject({
  text: z.string().max(MAX_FILE_CHARACTERS),
  first_line: z.int().min(1).max(MAX_LINES).describe('Number of the first line of the text within the file.'),
});

const neighbour = z.strictObject({ path: repositoryPath, text: z.string().max(MAX_FILE_CHARACTERS) });

/** What the blind pass is made of; nothing else reaches it. */
export const packedMembers = {
  path: repositoryPath,
  language: z
    .string()
    .regex(/^[a-z0-9+#-]{1,32}$/, 'Must be a lower-case name of a language, such as typescript')
    .describe('typescript, python, rust …; says how comments are written. `text` where it is none.'),
  chunks: z.array(chunk).min(1).max(1_000).describe('The file, whole or by pieces.'),
  neighbours: z
    .array(neighbour)
    .max(100)
    .default([])
    .describe('Files that the file imports, or parts of them.'),
} as const;

/** Whether a request keeps to the limit as a whole, which none of its texts passes alone; for the schemas of requests. */
export function isWithinLimit({ chunks, neighbours }: Pick<PackedInput, 'chunks' | 'neighbours'>): boolean {
  const characters = [...chunks, ...neighbours].reduce((sum, { text }) => sum + text.length, 0);
  return characters <= MAX_FILE_CHARACTERS;
}

/** What a request is told that does not. */
export const OVER_LIMIT = `A file and its neighbours must be at most ${MAX_FILE_CHARACTERS} characters together`;

/** The members of a file's request that make the blind pass. */
export interface PackedInput {
  readonly path: string;
  readonly language: string;
  readonly chunks: readonly { readonly text: string; readonly first_line: number }[];
  readonly neighbours: readonly { readonly path: string; readonly text: string }[];
}

/** SHA-256 of what the blind pass is made of: a change of the file, or of a neighbour of it, makes another one. */
export function packedSha256({ path, language, chunks, neighbours }: PackedInput): string {
  return sha256Hex(
    canonicalJson({
      path,
      language,
      chunks: chunks.map(({ text, first_line }) => ({ text, first_line })),
      neighbours: neighbours.map((one) => ({ path: one.path, text: one.text })),
    }),
  );
}

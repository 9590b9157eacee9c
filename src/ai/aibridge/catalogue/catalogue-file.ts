import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { canonicalJson, type JsonValue, LakeError, sha256Hex } from '../../../base/index.ts';
import { modelsErrors } from '../errors.ts';
import { modelFileSchema } from './model-entry.ts';

const NAME = /^[a-z0-9][a-z0-9_-]{0,63}\/[^\s*][^*\p{Cc}]{0,200}$/u;

const sourceSchema = z.strictObject({
  package: z.string(),
  version: z.string(),
  license: z.string(),
  /** When it was taken. */
  date: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
  /** Of the package's file that the models were made from. */
  sha256: z.string(),
});

/** `models.json`. `sha256` is that of `sources` and `models`, so that a file changed by hand is noticed. */
export const catalogueFileSchema = z.strictObject({
  sources: z.array(sourceSchema),
  sha256: z.string(),
  models: z.record(z.string().regex(NAME), modelFileSchema),
});
export type CatalogueFile = z.infer<typeof catalogueFileSchema>;

/** What `sha256` of a catalogue has to be. */
export function catalogueHash(file: Pick<CatalogueFile, 'sources' | 'models'>): string {
  const { sources, models } = file;
  return sha256Hex(canonicalJson(JSON.parse(JSON.stringify({ sources, models })) as JsonValue));
}

/**
 * Reads a catalogue; null for the one this package ships. Throws `models.catalogue_unreadable` and
 * `models.catalogue_invalid`: nothing is routed by windows and prices that are not what their maker wrote.
 */
export function readCatalogue(path: string | null): CatalogueFile {
  const file = path ?? fileURLToPath(new URL('../../../../config/models.json', import.meta.url));
  const name = basename(file);
  const checked = catalogueFileSchema.safeParse(parsed(textOf(file), name));
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw invalid(
      name,
      `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a catalogue'}`,
      checked.error,
    );
  }
  if (catalogueHash(checked.data) !== checked.data.sha256) {
    throw invalid(name, 'its models are not those that its sha256 is of');
  }
  return checked.data;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new LakeError(modelsErrors.catalogue_unreadable, {
      detail: `The model catalogue ${basename(file)} cannot be read. Put it where models.catalogue_file names it, or leave the key empty.`,
      cause,
    });
  }
}

function parsed(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(name, 'it is not JSON', cause);
  }
}

function invalid(name: string, reason: string, cause?: unknown): LakeError {
  return new LakeError(modelsErrors.catalogue_invalid, {
    detail: `The model catalogue ${name} is refused: ${reason}. Local models and prices belong in the routing file.`,
    cause,
  });
}

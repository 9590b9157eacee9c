import { z } from 'zod';
import { LakeError } from '../../../base/index.ts';
import type {
  DatasetAction,
  DatasetDemand,
  DatasetFacts,
  ResolveScope,
} from '../../../govern/scope/index.ts';
import type { IcebergField } from '../catalog.ts';
import type { DatasetCatalog } from '../dataset-catalog.ts';
import { catalogErrors } from '../errors.ts';
import { icebergTypeOf } from '../iceberg/index.ts';
import { parsePrimitive } from '../iceberg/primitive-type.ts';
import { parseTypeText } from '../iceberg/type-text.ts';

export const datasetName = z.string().min(1).max(256).describe('Dotted name of the dataset, case-sensitive.');

export const tagName = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*$/)
  .describe('A tag, for example pii.email.');

export const columnsInput = z
  .array(
    z.strictObject({
      name: z.string().min(1).max(255),
      type: z.string().min(1).max(65_536).describe('Iceberg or SQL type: long, decimal(10, 2), VARCHAR[].'),
    }),
  )
  .min(1)
  .max(100_000);

/** Columns as a caller names them, without ids. Throws `catalog.type_unsupported`. */
export function readColumns(columns: z.infer<typeof columnsInput>): IcebergField[] {
  return columns.map(({ name, type }) => ({
    id: 0,
    name,
    required: false,
    type: (parsePrimitive(type) === null ? null : type) ?? parseTypeText(type) ?? icebergTypeOf(type, name),
  }));
}

/** What resolve found of the dataset that a request names. */
export interface NamedDataset {
  readonly facts: DatasetFacts | null;
}

/** The demand of an operation on one dataset by its name. A dataset that is not there has no facts, and is refused. */
export async function demandDataset(
  catalog: DatasetCatalog,
  scope: ResolveScope,
  request: { name: string; action: DatasetAction },
): Promise<{ readonly demands: readonly [DatasetDemand]; readonly resolved: NamedDataset }> {
  const facts = await catalog.facts(scope, request.name);
  return {
    demands: [{ kind: 'dataset', name: request.name, action: request.action, facts, snapshotId: null }],
    resolved: { facts },
  };
}

/** The facts that authorise let through; a dataset without them is refused before. */
export function requireFacts(resolved: NamedDataset): DatasetFacts {
  if (resolved.facts !== null) return resolved.facts;
  throw datasetNotFound();
}

export function datasetNotFound(): LakeError {
  return new LakeError(catalogErrors.dataset_not_found, {
    detail: 'There is no dataset of this name, or it is not granted.',
  });
}

/** A page's start as opaque text. It only moves the start of a listing that is authorised by itself. */
export function writePageToken(position: string): string {
  return Buffer.from(position, 'utf8').toString('base64url');
}

/** Throws `catalog.page_invalid` where the token does not hold what `pattern` says. */
export function readPageToken(token: string | undefined, pattern: RegExp): string | null {
  if (token === undefined) return null;
  const position = Buffer.from(token, 'base64url').toString('utf8');
  if (pattern.test(position)) return position;
  throw new LakeError(catalogErrors.page_invalid, {
    detail: 'The page_token is not one that this listing gave; begin again without it.',
  });
}

import type { Compilable } from 'kysely';
import { isLakeError } from '../../base/index.ts';
import { type MetastoreReader, metastoreErrors } from '../../metastore/index.ts';

/** The rows of a query, or null where the store's file is damaged at a place it needs. Other failures are thrown. */
export async function readUndamaged<R>(reader: MetastoreReader, query: Compilable<R>): Promise<R[] | null> {
  try {
    return await reader.read(query);
  } catch (error) {
    if (isLakeError(error) && error.code === metastoreErrors.damaged.code) return null;
    throw error;
  }
}

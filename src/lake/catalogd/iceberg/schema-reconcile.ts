import type { IcebergField, IcebergSchema, IcebergType } from '../catalog.ts';
import { parsePrimitive, promote } from './primitive-type.ts';
import { highestFieldId, schemaEntries } from './schema.ts';
import type { TableMetadata } from './table-metadata.ts';

/**
 * Joins the schema that files were written with and the table's schema now, by field id. The table may have changed
 * since the ids were handed out: a renamed column keeps its id and fits, a column that another writer added under an
 * id used here does not. Null where the files cannot belong to the table; they must then be written again.
 */
export function reconcileSchemas(
  metadata: TableMetadata,
  current: IcebergSchema,
  written: Pick<IcebergSchema, 'fields'>,
  mode: 'append' | 'replace',
): { readonly fields: readonly IcebergField[]; readonly lastColumnId: number } | null {
  const join = new SchemaJoin(metadata);
  const fields = join.joinFields(current.fields, written.fields, mode);
  if (fields === null) return null;
  return { fields, lastColumnId: Math.max(metadata['last-column-id'], highestFieldId({ fields })) };
}

class SchemaJoin {
  readonly #lastColumnId: number;
  /** Every (id, name) that was ever in the table: what tells a rename from an id taken twice. */
  readonly #known = new Set<string>();

  constructor(metadata: TableMetadata) {
    this.#lastColumnId = metadata['last-column-id'];
    for (const schema of metadata.schemas) {
      for (const entry of schemaEntries(schema)) this.#known.add(`${entry.id}:${entry.path.at(-1)}`);
    }
  }

  joinFields(
    current: readonly IcebergField[],
    written: readonly IcebergField[],
    mode: 'append' | 'replace',
  ): IcebergField[] | null {
    const byId = new Map(written.map((field) => [field.id, field]));
    const names = new Set(current.map((field) => field.name.toLowerCase()));
    const joined: IcebergField[] = [];
    for (const field of current) {
      const match = byId.get(field.id);
      if (match === undefined) {
        if (mode === 'append') joined.push(field);
        continue;
      }
      if (!this.#known.has(`${match.id}:${match.name}`)) return null;
      const type = this.#joinTypes(field.type, match.type, mode);
      if (type === null) return null;
      joined.push({ ...field, type });
    }
    const currentIds = new Set(current.map((field) => field.id));
    for (const field of written.filter((other) => !currentIds.has(other.id))) {
      const taken = mode === 'append' && names.has(field.name.toLowerCase());
      if (field.id <= this.#lastColumnId || taken) return null;
      joined.push(field);
    }
    return joined;
  }

  #joinTypes(current: IcebergType, written: IcebergType, mode: 'append' | 'replace'): IcebergType | null {
    if (typeof current === 'string' || typeof written === 'string') {
      return typeof current === 'string' && typeof written === 'string'
        ? joinPrimitives(current, written)
        : null;
    }
    if (current.type === 'struct' && written.type === 'struct') {
      const fields = this.joinFields(current.fields, written.fields, mode);
      return fields === null ? null : { ...current, fields };
    }
    if (current.type === 'list' && written.type === 'list') {
      if (current['element-id'] !== written['element-id']) return null;
      const element = this.#joinTypes(current.element, written.element, mode);
      return element === null ? null : { ...current, element };
    }
    if (current.type === 'map' && written.type === 'map') {
      if (current['key-id'] !== written['key-id'] || current['value-id'] !== written['value-id']) return null;
      const key = this.#joinTypes(current.key, written.key, mode);
      const value = this.#joinTypes(current.value, written.value, mode);
      return key === null || value === null ? null : { ...current, key, value };
    }
    return null;
  }
}

function joinPrimitives(current: string, written: string): string | null {
  if (current === written) return current;
  const now = parsePrimitive(current);
  const then = parsePrimitive(written);
  if (now === null || then === null) return null;
  if (promote(then, now) !== null) return current;
  return promote(now, then) === null ? null : written;
}

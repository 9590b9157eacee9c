import { DuckDBInstance } from '@duckdb/node-api';
import { type CatalogRoom, openCatalogRoom } from '../../../../test/support/catalog-room.ts';
import type { PiiDetector } from '../index.ts';

/** A catalog behind the door whose detector goes by names alone, so that what tests see does not hang on detection. */
export interface TaggingRoom extends CatalogRoom {
  /** What the detector says; a test may change it. */
  readonly found: { version: string; readonly tags: { name: string; tag: string }[] };
}

export async function openTaggingRoom(): Promise<TaggingRoom> {
  const found = { version: '1', tags: [{ name: 'email', tag: 'pii.email' }] };
  const detector: PiiDetector = {
    get version() {
      return found.version;
    },
    detect: (columns) =>
      found.tags
        .filter(({ name }) => columns.some((column) => column.name === name))
        .map((finding) => ({ ...finding, confidence: 0.9, suspected: false })),
  };
  return { ...(await openCatalogRoom({ detector })), found };
}

/** Writes what the query gives as an object of the bucket `default`. */
export async function putParquet(room: CatalogRoom, key: string, query: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const path = await room.putObject(key, '');
  await connection.run(`COPY (${query}) TO '${path}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
}

/** Rows of `registerPeople`, as a query. */
export const PEOPLE =
  "SELECT range AS id, 'p' || range || '@x.io' AS email, range * 1.5::DOUBLE AS pay FROM range(100)";

/** Puts two objects into a folder of the dataset's name and registers it over them. */
export async function registerPeople(room: CatalogRoom, name: string) {
  await putParquet(room, `${name}/a.parquet`, PEOPLE);
  await putParquet(room, `${name}/b.parquet`, PEOPLE);
  return registerAgain(room, name);
}

/** Registers the objects that lie there, without writing them. */
export function registerAgain(room: CatalogRoom, name: string) {
  const source = { bucket: 'default', key: `${name}/` };
  return room.call('catalog.datasets.register', { name, source, description: 'People' });
}

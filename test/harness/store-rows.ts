import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Rows of the store of a home as it is on disk, past every door: what was really recorded. */
export function storeRows<R>(home: string, sql: string, ...parameters: (string | number | null)[]): R[] {
  const database = new DatabaseSync(join(home, 'store', 'lakehouse.db'), { readOnly: true });
  try {
    return database.prepare(sql).all(...parameters) as R[];
  } finally {
    database.close();
  }
}

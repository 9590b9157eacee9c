import type { Migration } from './migration.ts';

/** A migration with the digest that tells whether it was edited after it shipped. */
export interface ListedMigration extends Migration {
  readonly checksum: string;
}

export type MigrationPlan =
  | { readonly kind: 'apply'; readonly pending: readonly ListedMigration[] }
  /** The store holds a migration this program does not know. */
  | { readonly kind: 'newer'; readonly name: string }
  /** The store holds one of the same name and another text. */
  | { readonly kind: 'edited'; readonly name: string };

/** Compares what a store holds (`schema_migrations`) with what this program ships. */
export function planMigrations(
  shipped: readonly ListedMigration[],
  applied: readonly { readonly name: string; readonly checksum: string }[],
): MigrationPlan {
  const known = new Map(shipped.map((migration) => [migration.name, migration]));
  for (const { name, checksum } of applied) {
    const migration = known.get(name);
    if (migration === undefined) return { kind: 'newer', name };
    if (migration.checksum !== checksum) return { kind: 'edited', name };
    known.delete(name);
  }
  return { kind: 'apply', pending: shipped.filter((migration) => known.has(migration.name)) };
}

import assert from 'node:assert/strict';
import { sha256Hex } from '../base/index.ts';
import type { Migration } from './migration.ts';
import type { ListedMigration } from './plan-migrations.ts';
import { accessMigrations } from './tables/access.ts';
import { budgetMigrations } from './tables/budget.ts';
import { catalogMigrations } from './tables/catalog.ts';
import { doorMigrations } from './tables/door.ts';
import { ingestMigrations } from './tables/ingest.ts';
import { journalMigrations } from './tables/journal.ts';
import { observerMigrations } from './tables/observer.ts';
import { scrumMigrations } from './tables/scrum.ts';
import { storageMigrations } from './tables/storage.ts';
import { truthMigrations } from './tables/truth.ts';

/** Every migration of every room, in the order of application (by name). */
export function allMigrations(): readonly ListedMigration[] {
  return listMigrations([
    ...accessMigrations,
    ...budgetMigrations,
    ...catalogMigrations,
    ...doorMigrations,
    ...ingestMigrations,
    ...journalMigrations,
    ...observerMigrations,
    ...scrumMigrations,
    ...storageMigrations,
    ...truthMigrations,
  ]);
}

/** Sorts migrations and adds their checksums; two of one name are our bug. */
export function listMigrations(migrations: readonly Migration[]): readonly ListedMigration[] {
  const sorted = [...migrations].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  for (const [index, migration] of sorted.entries()) {
    assert.notEqual(sorted[index + 1]?.name, migration.name, `migration ${migration.name} is listed twice`);
  }
  return sorted.map((migration) => ({
    name: migration.name,
    statements: migration.statements,
    checksum: sha256Hex(migration.statements.join('\n;\n')),
  }));
}

import type { AccessTables } from './tables/access.ts';
import type { BudgetTables } from './tables/budget.ts';
import type { CatalogTables } from './tables/catalog.ts';
import type { DoorTables } from './tables/door.ts';
import type { IngestTables } from './tables/ingest.ts';
import type { JournalTables } from './tables/journal.ts';
import type { ObserverTables } from './tables/observer.ts';
import type { ScrumTables } from './tables/scrum.ts';
import type { StorageTables } from './tables/storage.ts';
import type { TruthTables } from './tables/truth.ts';

/** Every table of the store. Each room owns its own file in `tables/`, with its migrations. */
export type Database = AccessTables &
  BudgetTables &
  CatalogTables &
  DoorTables &
  IngestTables &
  JournalTables &
  ObserverTables &
  ScrumTables &
  StorageTables &
  TruthTables;

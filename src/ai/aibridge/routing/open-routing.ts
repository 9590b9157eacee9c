import type { Config } from '../../../config/index.ts';
import { type Catalogue, createCatalogue } from '../catalogue/catalogue.ts';
import { readCatalogue } from '../catalogue/catalogue-file.ts';
import { type RoutingTable, readRouting } from './routing-table.ts';

/** The name under which the routing file may be missing: homes made before there was one lack it. */
const USUAL_FILE = 'routing.toml';

/**
 * Reads the routing table and the catalogue of a configuration. `resolve` makes an absolute path of one that is relative
 * to the home. Throws `models.routing_invalid`, `models.routing_unreadable`, `models.catalogue_invalid` and
 * `models.catalogue_unreadable`: the program must not start on rules or prices that it cannot read.
 */
export function openRouting(
  models: Config['models'],
  resolve: (path: string) => string,
): {
  readonly routing: RoutingTable;
  readonly catalogue: Catalogue;
  /** Whether the table is the shipped one because the home has none: worth a line in the log. */
  readonly shipped: boolean;
} {
  const { routing, shipped } = readRouting(resolve(models.routing_file), {
    shippedWhereAbsent: models.routing_file === USUAL_FILE,
  });
  const file = readCatalogue(models.catalogue_file === '' ? null : resolve(models.catalogue_file));
  return { routing, shipped, catalogue: createCatalogue(file, routing) };
}

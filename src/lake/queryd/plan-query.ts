import { type Clock, isLakeError, type LakeError } from '../../base/index.ts';
import type { Config } from '../../config/index.ts';
import type { DatasetDemand, DatasetFacts, ResolveScope } from '../../govern/scope/index.ts';
import { requireOpenScope } from '../../govern/scope/index.ts';
import type { AsOf, Catalog, PinnedDataset } from '../catalogd/index.ts';
import type { EnginePool } from '../engine/index.ts';
import { asOfTable } from './as-of.ts';
import { columnUsage, touchedFields } from './column-usage.ts';
import { bindParameters, type GivenParameters, type NamedParameters } from './parameters.ts';
import { withinTime } from './parser-time.ts';
import { callerError } from './query-failure.ts';
import { requireAllowedQuery } from './statement-gate.ts';
import { requireParsableSize, requireTreeSize } from './statement-limits.ts';
import { hintedSyntax } from './syntax-hint.ts';
import { parseTree, type SyntaxNode } from './syntax-tree.ts';
import { findTableReferences } from './table-references.ts';

/** A query that was parsed, checked and bound to snapshots; names and ids only, no row was read. */
export interface PlannedQuery {
  readonly sql: string;
  /** When its time began, on the monotonic clock. */
  readonly startedMs: number;
  /** The one statement of the tree; its tables are those in `tables`. */
  readonly statement: SyntaxNode;
  readonly parameters: NamedParameters;
  readonly tables: readonly PlannedTable[];
  /**
   * Why a version that the query asks for cannot be read; thrown only after the caller was authorised, so that it does
   * not tell whether a dataset exists.
   */
  readonly unreadable: LakeError | null;
}

export interface PlannedTable {
  /** The reference inside `statement`. */
  readonly node: SyntaxNode;
  readonly pinned: PinnedDataset;
  /** Top-level fields the query may touch; undefined for all. */
  readonly fieldIds: readonly number[] | undefined;
}

export interface PlanDeps {
  readonly engine: EnginePool;
  readonly catalog: Pick<Catalog, 'facts' | 'pin'>;
  readonly limits: Config['query'];
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** Parses and binds a query under a scope that sees names and ids only, and says which rights it needs. */
export async function planQuery(
  deps: PlanDeps,
  scope: ResolveScope,
  request: { readonly sql: string; readonly params: GivenParameters; readonly timeoutMs: number },
): Promise<{ planned: PlannedQuery; demands: readonly DatasetDemand[] }> {
  requireOpenScope(scope);
  const { sql, timeoutMs } = request;
  const startedMs = deps.clock.monotonicMs();
  const statement = await withinTime({ timeoutMs, spentMs: 0 }, scope.signal, (signal) =>
    parseQuery(deps, sql, signal),
  );
  const parameters = bindParameters(statement, request.params);
  const usage = columnUsage(statement);
  const demands: DatasetDemand[] = [];
  const tables: PlannedTable[] = [];
  let unreadable: LakeError | null = null;
  const pins = new Map<string, PinnedDataset>();
  // Looked up once a name: access is decided once a dataset, and masks of one state do not cover the columns of a later.
  const known = new Map<string, DatasetFacts | null>();
  for (const { node, name } of findTableReferences(statement)) {
    const asOf = asOfTable(node, parameters, sql);
    const key = JSON.stringify([name, asOf]);
    const seen = known.get(name);
    const facts = seen === undefined ? await deps.catalog.facts(scope, name) : seen;
    known.set(name, facts);
    if (facts === null) {
      demands.push({ kind: 'dataset', name, action: 'read', facts });
      continue;
    }
    const pinned = pins.get(key) ?? (await pin(deps.catalog, scope, facts, asOf));
    if (isLakeError(pinned)) {
      unreadable ??= pinned;
      demands.push({ kind: 'dataset', name, action: 'read', facts });
      continue;
    }
    pins.set(key, pinned);
    const fieldIds = touchedFields(pinned.schema, usage);
    tables.push({ node, pinned, fieldIds });
    demands.push({
      kind: 'dataset',
      name,
      action: 'read',
      facts,
      snapshotId: pinned.snapshotId,
      ...(fieldIds === undefined ? {} : { fieldIds }),
    });
  }
  return { planned: { sql, startedMs, statement, parameters, tables, unreadable }, demands };
}

async function parseQuery(deps: PlanDeps, sql: string, signal: AbortSignal): Promise<SyntaxNode> {
  requireParsableSize(sql, deps.limits);
  const text = await deps.engine.parse(sql, signal).catch((error: unknown) => {
    throw hintedSyntax(callerError(error, null), sql);
  });
  requireTreeSize(text, deps.limits);
  return requireAllowedQuery(parseTree(text), sql);
}

/** The dataset at the version asked for, or why there is none. */
async function pin(
  catalog: PlanDeps['catalog'],
  scope: ResolveScope,
  facts: DatasetFacts,
  asOf: AsOf,
): Promise<PinnedDataset | LakeError> {
  try {
    return await catalog.pin(scope, facts, asOf);
  } catch (error) {
    if (isLakeError(error) && error.kind === 'not_found') return error;
    throw error;
  }
}

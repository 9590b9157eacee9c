import { LakeError } from '../../src/base/index.ts';
import type { AnyScope, DatasetFacts } from '../../src/govern/scope/index.ts';
import type {
  Catalog,
  IcebergField,
  IcebergSchema,
  IcebergType,
  PinnedDataset,
  ScanFile,
  ScanPlan,
} from '../../src/lake/catalogd/index.ts';

/** One snapshot of a dataset of a query lake. */
export interface Version {
  readonly snapshotId: string;
  readonly timeMs: number;
  readonly schema: IcebergSchema;
  readonly files: readonly ScanFile[];
}

/** A catalog over versions kept in memory: the smallest that keeps the interface's promises. */
export function lakeCatalog(
  versionsOf: (name: string, scope: AnyScope) => readonly Version[],
): Pick<Catalog, 'facts' | 'pin' | 'scan' | 'requireFiles'> {
  return {
    async facts(scope, name) {
      const versions = versionsOf(name, scope);
      const current = versions.at(-1);
      if (current === undefined) return null;
      return {
        datasetId: `id-${name}`,
        name,
        owner: null,
        discoverable: false,
        tags: [],
        columns: columnsOf(current.schema.fields, []),
        history: versions.map(({ timeMs, schema }) => ({
          sinceMs: timeMs,
          columns: columnsOf(schema.fields, []),
        })),
        snapshotId: current.files.length === 0 ? null : current.snapshotId,
      };
    },
    async pin(scope, facts, asOf): Promise<PinnedDataset> {
      const versions = versionsOf(facts.name, scope);
      const found =
        asOf.kind === 'current'
          ? versions.at(-1)
          : asOf.kind === 'snapshot'
            ? versions.find(({ snapshotId }) => snapshotId === asOf.snapshotId)
            : versions.findLast(({ timeMs }) => timeMs <= asOf.timestampMs);
      if (found === undefined) {
        throw new LakeError(
          { code: 'catalog.snapshot_not_found', kind: 'not_found', title: '', remedy: '', retryable: false },
          { detail: 'No such snapshot.' },
        );
      }
      return {
        facts,
        snapshotId: found.files.length === 0 ? null : found.snapshotId,
        schema: found.schema,
        plannedBytes: found.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      };
    },
    async scan(scope, pinned): Promise<ScanPlan> {
      scope.decision(pinned.facts.datasetId, 'read');
      const version = versionsOf(pinned.facts.name, scope).find(
        ({ snapshotId }) => snapshotId === pinned.snapshotId,
      );
      return { snapshotId: pinned.snapshotId, schema: pinned.schema, files: version?.files ?? [] };
    },
    // Its files are made once and stay.
    async requireFiles() {},
  };
}

function columnsOf(fields: readonly IcebergField[], parents: readonly string[]): DatasetFacts['columns'] {
  return fields.flatMap(({ id, name, type }) => [
    { fieldId: id, path: [...parents, name], type: typeof type === 'string' ? type : type.type, tags: [] },
    ...columnsOf(membersOf(type), [...parents, name]),
  ]);
}

function membersOf(type: IcebergType): readonly IcebergField[] {
  if (typeof type === 'string') return [];
  if (type.type === 'struct') return type.fields;
  if (type.type === 'list')
    return [{ id: type['element-id'], name: 'element', required: false, type: type.element }];
  return [
    { id: type['key-id'], name: 'key', required: true, type: type.key },
    { id: type['value-id'], name: 'value', required: false, type: type.value },
  ];
}

import { boundSince, type CompiledPolicy, compilePolicy } from '../../src/govern/access/compiled-policy.ts';
import type { ExpressionParser } from '../../src/govern/access/index.ts';
import { policySchema } from '../../src/govern/access/policy-document.ts';
import type { AttributeValue, ColumnFacts, DatasetFacts, Identity } from '../../src/govern/scope/index.ts';

/** A policy in force since `sinceMs`, from the members people write. */
export function policyOf(
  parser: ExpressionParser,
  members: unknown,
  options: { sinceMs?: number; version?: number } = {},
): Promise<CompiledPolicy> {
  const document = policySchema.parse(members);
  const since = boundSince(document, new Map(), options.sinceMs ?? 100, false);
  return compilePolicy({ document, version: options.version ?? 1, since, parser });
}

/** `column(3, 'address.zip', 'pii.address')` */
export function column(fieldId: number, path: string, ...tags: string[]): ColumnFacts {
  return { fieldId, path: path.split('.'), type: 'string', tags };
}

/** A dataset whose schemas became current at the given times; the last is the current one. */
export function datasetOf(
  name: string,
  history: readonly { sinceMs: number; columns: readonly ColumnFacts[] }[],
  more: Partial<DatasetFacts> = {},
): DatasetFacts {
  return {
    datasetId: `id-of-${name}`,
    name,
    owner: 'ada',
    discoverable: false,
    tags: [],
    columns: history.at(-1)?.columns ?? [],
    history,
    snapshotId: '1',
    ...more,
  };
}

export function identityOf(
  role: string,
  attributes: Readonly<Record<string, AttributeValue>> = {},
  onBehalfOf: Identity | null = null,
): Identity {
  const keyId = `key-of-${role}`;
  return { name: role, role, attributes: new Map(Object.entries(attributes)), keyId, onBehalfOf };
}

import type { createExpressionParser } from '../../src/govern/access/index.ts';
import type {
  BoundExpression,
  DatasetDecision,
  DatasetFacts,
  MaskDecision,
  MaskMethod,
} from '../../src/govern/scope/index.ts';

type ExpressionParser = ReturnType<typeof createExpressionParser>;

/** What a caller may see of one dataset, as a test writes it. */
export interface LakePolicy {
  /** Dotted path → method, or the SQL of an expression. */
  readonly masks?: Readonly<Record<string, MaskMethod | { readonly expression: string }>>;
  readonly filter?: string;
  readonly identity?: Readonly<Record<string, string | number | boolean>>;
}

/** The same parser, asked once for each expression. */
export function cached(parser: ExpressionParser): ExpressionParser {
  const known = new Map<string, ReturnType<ExpressionParser['parse']>>();
  return {
    parse(sql) {
      const result = known.get(sql) ?? parser.parse(sql);
      known.set(sql, result);
      return result;
    },
  };
}

/** The decision that access would come to under the policy. */
export async function decide(
  parser: ExpressionParser,
  facts: DatasetFacts,
  policy: LakePolicy,
): Promise<DatasetDecision> {
  const idOf = (path: string) =>
    facts.columns.find((column) => column.path.join('.') === path)?.fieldId ?? -1;
  const bind = async (sql: string): Promise<BoundExpression> => {
    const parsed = await parser.parse(sql);
    if (!parsed.ok) throw new Error(`policy: ${parsed.message}`);
    const { node, columnNames, identityNames } = parsed.expression;
    return {
      node,
      columns: new Map(columnNames.map((name) => [name, idOf(name)])),
      identity: new Map(identityNames.map((name) => [name, policy.identity?.[name] ?? ''])),
    };
  };
  const masks = new Map<number, MaskDecision>();
  for (const [path, mask] of Object.entries(policy.masks ?? {})) {
    const fieldId = idOf(path);
    masks.set(fieldId, {
      fieldId,
      method: typeof mask === 'string' ? mask : 'expression',
      expression: typeof mask === 'string' ? null : await bind(mask.expression),
      reasons: [],
    });
  }
  return {
    datasetId: facts.datasetId,
    name: facts.name,
    action: 'read',
    policyVersion: 1,
    masks,
    rowFilters: policy.filter === undefined ? [] : [await bind(policy.filter)],
  };
}

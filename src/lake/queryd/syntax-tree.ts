/**
 * A node of the engine's syntax tree (`json_serialize_sql`). Numbers that JavaScript would change are raw JSON, so that
 * the tree writes back exactly as it was read: positions are 2^64 − 1 where unknown.
 */
export type SyntaxNode = { [member: string]: unknown };

/** Parses a tree's JSON text without losing a digit. */
export function parseTree(text: string): SyntaxNode {
  const tree: unknown = JSON.parse(text, (_key, value: unknown, context?: { source?: string }) => {
    if (typeof value !== 'number' || context?.source === undefined) return value;
    return String(value) === context.source ? value : rawJson(context.source);
  });
  if (!isNode(tree)) throw new Error('a syntax tree is an object');
  return tree;
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The nodes and arrays directly inside a node, in order. */
export function children(node: SyntaxNode): readonly unknown[] {
  return Object.values(node).filter((member) => typeof member === 'object' && member !== null);
}

/** Calls back for a node and every node inside it. */
export function visit(value: unknown, callback: (node: SyntaxNode) => void): void {
  if (Array.isArray(value)) {
    for (const member of value) visit(member, callback);
  } else if (isNode(value)) {
    callback(value);
    for (const member of children(value)) visit(member, callback);
  }
}

/** A node replaced by what `replace` makes of it, everywhere inside `value`; null keeps the node. */
export function transform(value: unknown, replace: (node: SyntaxNode) => SyntaxNode | null): unknown {
  if (Array.isArray(value)) return value.map((member) => transform(member, replace));
  if (!isNode(value) || isRawJson(value)) return value;
  const replaced = replace(value);
  if (replaced !== null) return replaced;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, transform(member, replace)]));
}

export function textOf(node: SyntaxNode, member: string): string {
  const value = node[member];
  return typeof value === 'string' ? value : '';
}

export function nodesOf(node: SyntaxNode, member: string): readonly SyntaxNode[] {
  const value = node[member];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

export function textsOf(node: SyntaxNode, member: string): readonly string[] {
  const value = node[member];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

/** The byte position of a node in the caller's text; null where the engine knows none. */
export function positionOf(node: SyntaxNode): number | null {
  const position = node.query_location;
  return typeof position === 'number' ? position : null;
}

const UNKNOWN_POSITION = '18446744073709551615';

/** A constant as the engine's parser would make it. */
export function constantNode(value: string | number | bigint | boolean): SyntaxNode {
  if (typeof value === 'boolean') {
    return {
      class: 'CAST',
      type: 'OPERATOR_CAST',
      alias: '',
      query_location: rawJson(UNKNOWN_POSITION),
      child: constantNode(value ? 'true' : 'false'),
      cast_type: { id: 'BOOLEAN', type_info: null },
      try_cast: false,
    };
  }
  return {
    class: 'CONSTANT',
    type: 'VALUE_CONSTANT',
    alias: '',
    query_location: rawJson(UNKNOWN_POSITION),
    value: { type: { id: constantType(value), type_info: null }, is_null: false, value: jsonNumber(value) },
  };
}

export function columnNode(path: readonly string[]): SyntaxNode {
  return {
    class: 'COLUMN_REF',
    type: 'COLUMN_REF',
    alias: '',
    query_location: rawJson(UNKNOWN_POSITION),
    column_names: [...path],
  };
}

/** The tree of `SELECT <expression>`, for turning one expression back into text. */
export function selectOf(expression: unknown): SyntaxNode {
  const from = { type: 'EMPTY', alias: '', sample: null, query_location: rawJson(UNKNOWN_POSITION) };
  const node = {
    type: 'SELECT_NODE',
    modifiers: [],
    cte_map: { map: [] },
    select_list: [expression],
    from_table: from,
    where_clause: null,
    group_expressions: [],
    group_sets: [],
    aggregate_handling: 'STANDARD_HANDLING',
    having: null,
    sample: null,
    qualify: null,
  };
  return { error: false, statements: [{ node, named_param_map: [] }] };
}

function constantType(value: string | number | bigint): string {
  if (typeof value === 'string') return 'VARCHAR';
  if (typeof value === 'bigint') return 'BIGINT';
  if (!Number.isInteger(value)) return 'DOUBLE';
  return Math.abs(value) <= 0x7fff_ffff ? 'INTEGER' : 'BIGINT';
}

function jsonNumber(value: string | number | bigint): unknown {
  return typeof value === 'bigint' ? rawJson(value.toString()) : value;
}

function rawJson(source: string): unknown {
  // Not in TypeScript's library yet; in V8 since Node 21.
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(source);
}

function isRawJson(value: unknown): boolean {
  return (JSON as unknown as { isRawJSON(value: unknown): boolean }).isRawJSON(value);
}

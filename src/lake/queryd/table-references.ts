import { isNode, nodesOf, type SyntaxNode, textOf } from './syntax-tree.ts';

/** A table of a query that is no CTE: the node itself, to be pointed at a scan. */
export interface TableReference {
  readonly node: SyntaxNode;
  /** The dotted name as written. */
  readonly name: string;
}

/**
 * Finds every reference to a table that is not a CTE in scope. A CTE shadows a table from its own declaration on, in
 * the later CTEs and the body of its query; a recursive one also inside itself. Names compare without case, as the
 * engine compares them. Where this and the engine could disagree, the check of the final tree refuses.
 */
export function findTableReferences(query: SyntaxNode): readonly TableReference[] {
  const found: TableReference[] = [];
  walk(query, new Set(), found);
  return found;
}

function walk(value: unknown, visible: ReadonlySet<string>, found: TableReference[]): void {
  if (Array.isArray(value)) {
    for (const member of value) walk(member, visible, found);
    return;
  }
  if (!isNode(value)) return;
  if (textOf(value, 'type') === 'BASE_TABLE') {
    const isCte = !isQualified(value) && visible.has(textOf(value, 'table_name').toLowerCase());
    if (!isCte) found.push(referenceOf(value));
    walkMembers(value, visible, found);
    return;
  }
  walkMembers(value, isNode(value.cte_map) ? walkCtes(value, visible, found) : visible, found);
}

/** Walks a query's CTEs in order and gives the names its body sees. */
function walkCtes(
  query: SyntaxNode,
  outer: ReadonlySet<string>,
  found: TableReference[],
): ReadonlySet<string> {
  const visible = new Set(outer);
  for (const entry of nodesOf(isNode(query.cte_map) ? query.cte_map : {}, 'map')) {
    const name = textOf(entry, 'key').toLowerCase();
    const inside = new Set(visible);
    if (isRecursive(entry)) inside.add(name);
    walk(entry.value, inside, found);
    visible.add(name);
  }
  return visible;
}

function isRecursive(entry: SyntaxNode): boolean {
  const query = isNode(entry.value) ? entry.value.query : null;
  const node = isNode(query) ? query.node : null;
  return isNode(node) && textOf(node, 'type') === 'RECURSIVE_CTE_NODE';
}

function walkMembers(node: SyntaxNode, visible: ReadonlySet<string>, found: TableReference[]): void {
  for (const [key, member] of Object.entries(node)) if (key !== 'cte_map') walk(member, visible, found);
}

function isQualified(node: SyntaxNode): boolean {
  return textOf(node, 'schema_name') !== '' || textOf(node, 'catalog_name') !== '';
}

function referenceOf(node: SyntaxNode): TableReference {
  const parts = [textOf(node, 'catalog_name'), textOf(node, 'schema_name'), textOf(node, 'table_name')];
  return { node, name: parts.filter((part) => part !== '').join('.') };
}

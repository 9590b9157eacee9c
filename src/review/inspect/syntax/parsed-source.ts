// The adapter of oxc-parser: one parse and one walk per file, after which every rule asks for nodes by type.
import { type Comment, type ParseResult, type Program, parseSync, visitorKeys } from 'oxc-parser';
import { type SourceRole, sourceRoleOf } from '../source-role.ts';
import { enclosingSymbol } from './enclosing-symbol.ts';
import { mayNestTooDeep } from './nesting-limit.ts';
import type { Node, NodeOf, NodeType } from './syntax-node.ts';

export type { Comment, Node, NodeOf };
/** A name where a variable could stand, also as the name of a JSX element. */
export type VariableName = NodeOf<'Identifier'> | NodeOf<'JSXIdentifier'>;

/** One TypeScript or JavaScript file, parsed, for as long as the rules look at it. */
export interface ParsedSource {
  readonly path: string;
  readonly role: SourceRole;
  readonly text: string;
  readonly program: Program;
  readonly module: ParseResult['module'];
  readonly comments: readonly Comment[];
  nodesOf<T extends NodeType>(type: T): readonly NodeOf<T>[];
  /** Every node, each before those below it. */
  allNodes(): readonly Node[];
  parentOf(node: Node): Node | null;
  /** Bindings, references and names of types. Names of members and keys are none of them. */
  variables(name: string): readonly VariableName[];
  /** From 1. */
  lineAt(position: number): number;
  textOf(node: Node): string;
  /** The functions and classes around a node, itself included, outermost first and joined by dots. */
  symbolAround(node: Node): string;
}

/** The file's syntax tree, or null where it does not parse. */
export function parseSource(path: string, text: string): ParsedSource | null {
  if (mayNestTooDeep(text)) return null;
  const parsed = parseSync(path, text, { preserveParens: false });
  if (parsed.errors.some(({ severity }) => severity === 'Error')) return null;
  const { program, module, comments } = parsed;
  const parents = new Map<Node, Node | null>();
  const byType = new Map<NodeType, Node[]>();
  const names = new Map<string, VariableName[]>();
  const visit = (node: Node, parent: Node | null, key: string): void => {
    parents.set(node, parent);
    append(byType, node.type, node);
    if (
      (node.type === 'Identifier' && standsForVariable(key, parent)) ||
      (node.type === 'JSXIdentifier' && (key === 'name' || key === 'object'))
    ) {
      append(names, node.name, node);
    }
    for (const member of visitorKeys[node.type] ?? []) {
      const below: unknown = Reflect.get(node, member);
      if (Array.isArray(below)) for (const one of below) if (isNode(one)) visit(one, node, member);
      if (isNode(below)) visit(below, node, member);
    }
  };
  try {
    visit(program, null, '');
  } catch (error) {
    // Code nested deeper than the stack, which no one wrote by hand.
    if (error instanceof RangeError) return null;
    throw error;
  }
  const lineStarts = lineStartsOf(text);
  const parentOf = (node: Node) => parents.get(node) ?? null;
  return {
    path,
    role: module.staticImports.some((one) => TEST_RUNNERS.test(one.moduleRequest.value))
      ? 'test'
      : sourceRoleOf(path),
    text,
    program,
    module,
    comments,
    nodesOf: <T extends NodeType>(type: T) => (byType.get(type) ?? []) as NodeOf<T>[],
    allNodes: () => [...parents.keys()],
    parentOf,
    variables: (name) => names.get(name) ?? [],
    lineAt: (position) => lineOf(lineStarts, position),
    textOf: (node) => text.slice(node.start, node.end),
    symbolAround: (node) => enclosingSymbol(node, parentOf, text),
  };
}

/** Whoever imports a test runner is there for tests, wherever it lies. */
const TEST_RUNNERS = /^(?:vitest|node:test|@jest\/globals|mocha|chai|ava|tap|bun:test)$/;

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** Whether an identifier names a variable there, and not a member, a key or a label. */
function standsForVariable(key: string, parent: Node | null): boolean {
  if (parent === null) return false;
  switch (parent.type) {
    case 'MemberExpression':
      return key === 'object' || parent.computed;
    case 'Property':
      // A shorthand names both; its value is the variable.
      return key === 'value' || parent.computed;
    case 'MethodDefinition':
    case 'PropertyDefinition':
    case 'AccessorProperty':
    case 'TSAbstractMethodDefinition':
    case 'TSAbstractPropertyDefinition':
    case 'TSPropertySignature':
    case 'TSMethodSignature':
      return key === 'key' ? parent.computed : true;
    case 'TSQualifiedName':
      return key === 'left';
    case 'TSEnumMember':
      return key !== 'id';
    case 'MetaProperty':
    case 'LabeledStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
      return key === 'body';
    case 'ImportSpecifier':
      return key === 'local';
    case 'ExportSpecifier':
      return key === 'local';
    default:
      return true;
  }
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** The positions at which lines begin. */
export function lineStartsOf(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** The line of a position, from 1. */
export function lineOf(lineStarts: readonly number[], position: number): number {
  let low = 0;
  let high = lineStarts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((lineStarts[middle] ?? 0) <= position) low = middle;
    else high = middle;
  }
  return low + 1;
}

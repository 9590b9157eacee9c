import { isJsonObject, isLakeError, type JsonObject, type JsonValue } from '../../base/index.ts';
import { ALLOWED_FUNCTIONS } from './policy-functions.ts';

/** A policy's SQL expression after parsing, before its names are bound to a dataset. */
export interface ParsedExpression {
  /** The expression's node of `json_serialize_sql`, as JSON text; numbers are as the engine wrote them. */
  readonly node: string;
  /** Columns, dotted, each once. */
  readonly columnNames: readonly string[];
  /** Attributes after `identity.`, each once. */
  readonly identityNames: readonly string[];
}

export type ExpressionResult =
  | { readonly ok: true; readonly expression: ParsedExpression }
  /** `position` counts characters of the expression from 0; null where unknown. */
  | { readonly ok: false; readonly message: string; readonly position: number | null };

/** Turns a policy's SQL into an expression that is safe to run in a scan. */
export interface ExpressionParser {
  parse(expression: string): Promise<ExpressionResult>;
}

const PREFIX = 'SELECT (';
/** The end stands on its own line, so that a comment in the expression cannot swallow it. */
const SUFFIX = '\n)';
/** Results remembered: the same policy is compiled when it is checked, applied and read back. */
const MAX_KNOWN = 4_096;
const MAX_NODES = 500;
const MAX_DEPTH = 64;

/**
 * A parser over the engine's own (`serialise` is `json_serialize_sql`: the syntax tree of one statement as JSON text).
 * One scalar expression: no subquery, aggregate, window, star, parameter or lambda, and only functions of the list.
 */
export function createExpressionParser(serialise: (sql: string) => Promise<string>): ExpressionParser {
  const known = new Map<string, ExpressionResult>();
  return {
    async parse(expression) {
      const before = known.get(expression);
      if (before !== undefined) return before;
      const result = await parseExpression(serialise, expression);
      if (known.size >= MAX_KNOWN) known.clear();
      known.set(expression, result);
      return result;
    },
  };
}

async function parseExpression(
  serialise: (sql: string) => Promise<string>,
  expression: string,
): Promise<ExpressionResult> {
  let text: string;
  try {
    text = await serialise(`${PREFIX}${expression}${SUFFIX}`);
  } catch (error) {
    if (!isLakeError(error) || !['invalid', 'unprocessable', 'unsupported'].includes(error.kind)) throw error;
    return {
      ok: false,
      message: 'not a valid SQL expression',
      position: errorPosition(expression, error.data),
    };
  }
  return readTree(text, expression);
}

/** Why an expression cannot stand, with the byte of the whole statement where the engine saw it. */
class Refusal {
  readonly message: string;
  readonly location: number | null;
  constructor(message: string, node: JsonObject | null) {
    this.message = message;
    const at = node?.query_location;
    this.location = typeof at === 'number' ? at : null;
  }
}

/** The engine's line and column (from 1) in the whole statement as a position in the expression. */
function errorPosition(expression: string, data: Readonly<Record<string, unknown>>): number | null {
  const { line, column } = data;
  if (typeof line !== 'number' || typeof column !== 'number') return null;
  const before = expression.split('\n').slice(0, line - 1);
  const inLine = line === 1 ? column - 1 - PREFIX.length : column - 1;
  return clamped(before.reduce((sum, text) => sum + text.length + 1, 0) + inLine, expression);
}

/** A byte offset of the whole statement as a position in the expression. */
function locationPosition(expression: string, location: number): number {
  const before = Buffer.from(PREFIX + expression).subarray(0, location);
  return clamped(before.toString('utf8').length - PREFIX.length, expression);
}

function clamped(position: number, expression: string): number {
  return Math.max(0, Math.min(position, expression.length));
}

function readTree(text: string, expression: string): ExpressionResult {
  try {
    const root = singleExpression(parseLossless(text));
    const walk = new ExpressionWalk();
    walk.visit(root, 0);
    return {
      ok: true,
      expression: {
        node: JSON.stringify(root),
        columnNames: [...walk.columnNames],
        identityNames: [...walk.identityNames],
      },
    };
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    const { message, location } = refusal;
    return {
      ok: false,
      message,
      position: location === null ? null : locationPosition(expression, location),
    };
  }
}

/** Parses JSON so that `JSON.stringify` writes every number as it was: 2^64 − 1 and 1000.0 stay what they are. */
function parseLossless(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) => {
    if (typeof value !== 'number' || context?.source === undefined) return value;
    return String(value) === context.source ? value : rawJson(context.source);
  });
}

function rawJson(source: string): unknown {
  // Not in TypeScript's library yet; in V8 since Node 21.
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(source);
}

/** The one expression of `SELECT (…)`; anything that broke out of the parentheses changes another part and is refused. */
function singleExpression(tree: unknown): JsonObject {
  const refuse = () => new Refusal('must be one expression', null);
  const statements = isJsonObject(tree) ? tree.statements : undefined;
  if (!Array.isArray(statements) || statements.length !== 1) throw refuse();
  const node = (statements[0] as JsonObject).node;
  if (!isJsonObject(node) || node.type !== 'SELECT_NODE') throw refuse();
  const list = node.select_list;
  const from = node.from_table;
  const empty = ['modifiers', 'group_expressions', 'group_sets'].every((key) => {
    const part = node[key];
    return Array.isArray(part) && part.length === 0;
  });
  const absent = ['where_clause', 'having', 'sample', 'qualify'].every((key) => node[key] === null);
  const ctes = isJsonObject(node.cte_map) ? node.cte_map.map : undefined;
  const noFrom = isJsonObject(from) && from.type === 'EMPTY';
  if (!empty || !absent || !noFrom || !Array.isArray(ctes) || ctes.length !== 0) throw refuse();
  const expression: JsonValue | undefined = Array.isArray(list) && list.length === 1 ? list[0] : undefined;
  if (!isJsonObject(expression) || expression.alias !== '') throw refuse();
  return expression;
}

const REFUSED_CLASSES: Readonly<Record<string, string>> = {
  SUBQUERY: 'a subquery is not allowed in a policy',
  WINDOW: 'a window function is not allowed in a policy',
  STAR: '* is not allowed in a policy',
  PARAMETER: 'a parameter is not allowed in a policy; use identity.<attribute>',
  LAMBDA: 'a lambda (or the -> operator) is not allowed in a policy',
};
const CLASSES = new Set([
  'BETWEEN',
  'CASE',
  'CAST',
  'COLUMN_REF',
  'COMPARISON',
  'CONJUNCTION',
  'CONSTANT',
  'FUNCTION',
  'OPERATOR',
]);
/**
 * Operators an expression may have, by the engine's names. `TRY` is not among them: the engine goes on with an expression after
 * a failure within it and then reads beyond its own memory, as in `CASE WHEN a THEN try(coalesce(b, c)) END`.
 */
export const EXPRESSION_OPERATORS = [
  ...['OPERATOR_NOT', 'OPERATOR_IS_NULL', 'OPERATOR_IS_NOT_NULL', 'OPERATOR_COALESCE'],
  ...['COMPARE_IN', 'COMPARE_NOT_IN'],
  ...['ARRAY_CONSTRUCTOR', 'ARRAY_EXTRACT', 'ARRAY_SLICE', 'STRUCT_EXTRACT'],
] as const;
const OPERATORS: ReadonlySet<string> = new Set(EXPRESSION_OPERATORS);
const ATTRIBUTE = /^[a-z][a-z0-9_]{0,62}$/;

/** Collects names and refuses whatever is not on the lists. */
class ExpressionWalk {
  readonly columnNames = new Set<string>();
  readonly identityNames = new Set<string>();
  #nodes = 0;

  visit(node: JsonObject, depth: number): void {
    if (++this.#nodes > MAX_NODES || depth > MAX_DEPTH)
      throw new Refusal('the expression is too large', null);
    const kind = String(node.class);
    if (!CLASSES.has(kind)) {
      const message = Object.hasOwn(REFUSED_CLASSES, kind) ? REFUSED_CLASSES[kind] : undefined;
      throw new Refusal(message ?? `${kind.toLowerCase()} is not allowed in a policy`, node);
    }
    if (kind === 'CONSTANT') return;
    if (kind === 'COLUMN_REF') {
      this.#name(node);
      return;
    }
    if (kind === 'OPERATOR' && !OPERATORS.has(String(node.type))) {
      const name = String(node.type).replace('OPERATOR_', '');
      throw new Refusal(`${name} is not allowed in a policy`, node);
    }
    if (kind === 'FUNCTION') this.#function(node);
    this.#children(node, depth);
  }

  #children(value: JsonValue, depth: number): void {
    if (Array.isArray(value)) {
      for (const member of value) this.#child(member, depth);
    } else if (isJsonObject(value)) {
      for (const [key, member] of Object.entries(value)) {
        // A type holds no expression that runs; TYPE_INFO may nest structures that look like one.
        if (key !== 'cast_type') this.#child(member, depth);
      }
    }
  }

  #child(value: JsonValue, depth: number): void {
    if (isJsonObject(value) && typeof value.class === 'string') this.visit(value, depth + 1);
    else if (typeof value === 'object' && value !== null) this.#children(value, depth);
  }

  #name(node: JsonObject): void {
    const names = Array.isArray(node.column_names) ? node.column_names.map(String) : [];
    const [first, second] = names;
    if (first === undefined) throw new Refusal('a name is missing', node);
    if (first.toLowerCase() !== 'identity') {
      this.columnNames.add(names.join('.'));
      return;
    }
    if (first !== 'identity' || second === undefined || names.length !== 2 || !ATTRIBUTE.test(second)) {
      throw new Refusal('an attribute is written identity.<name>, in lower case', node);
    }
    this.identityNames.add(second);
  }

  #function(node: JsonObject): void {
    const name = String(node.function_name).toLowerCase();
    if (!ALLOWED_FUNCTIONS.has(name)) {
      throw new Refusal(`the function ${name} is not allowed in a policy`, node);
    }
    const orders = isJsonObject(node.order_bys) ? node.order_bys.orders : undefined;
    const plain =
      node.filter === null &&
      node.distinct === false &&
      node.export_state === false &&
      Array.isArray(orders) &&
      orders.length === 0 &&
      (node.schema === '' || node.schema === 'main') &&
      node.catalog === '';
    if (!plain) throw new Refusal(`the function ${name} is used as an aggregate or of another schema`, node);
  }
}

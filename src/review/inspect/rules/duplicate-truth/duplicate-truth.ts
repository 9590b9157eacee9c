import { type Place, placeOf, type Rule } from '../../rule.ts';
import type { Node, NodeOf, ParsedSource } from '../../syntax/parsed-source.ts';

/** Fewer entries are the same by chance. */
const FEWEST_ENTRIES = 4;

/** The same table of constants in two places, of which one will be changed and the other forgotten. */
export const duplicateTruth: Rule = {
  id: 'duplicate-truth',
  severity: 'warning',
  title: 'the same table of constants in two places',
  remedy: 'Keep one of them and import it where the other stood.',
  start() {
    const byEntries = new Map<
      string,
      { readonly place: Place; readonly name: string; readonly count: number }[]
    >();
    return {
      source(file) {
        // Migrations are what was true when they ran.
        if (file.role !== 'production' || /(?:^|\/)migrations?\//.test(file.path)) return;
        for (const { node, name, entries } of tablesOf(file)) {
          if (!isDistinctive(entries)) continue;
          const key = [...entries].sort().join('\n');
          const tables = byEntries.get(key) ?? [];
          tables.push({ place: placeOf(file, node), name, count: entries.length });
          byEntries.set(key, tables);
        }
      },
      finish(_project, report) {
        for (const [first, ...others] of byEntries.values()) {
          if (first === undefined) continue;
          for (const { place, name, count } of others) {
            const claim = `\`${name}\` holds the same ${count} entries as \`${first.name}\` of ${first.place.path}.`;
            report({ place, claim });
          }
        }
      },
    };
  },
};

interface Table {
  readonly node: Node;
  readonly name: string;
  /** `key = value`, each once. */
  readonly entries: readonly string[];
}

/** Objects, maps and enums at the top of a file whose keys and values are all written out. */
function tablesOf(file: ParsedSource): readonly Table[] {
  const variables = file.nodesOf('VariableDeclarator').flatMap((variable): Table[] => {
    if (variable.id.type !== 'Identifier' || variable.init === null || !isAtTop(file, variable)) return [];
    const entries = entriesOf(file, variable.init);
    return entries === null ? [] : [{ node: variable, name: variable.id.name, entries }];
  });
  const enums = file.nodesOf('TSEnumDeclaration').flatMap((one): Table[] => {
    const entries = one.body.members.map(({ id, initializer }) =>
      initializer === null ? null : entry(file.textOf(id), literalText(file, initializer ?? null)),
    );
    return entries.every((text) => text !== null) ? [{ node: one, name: one.id.name, entries }] : [];
  });
  return [...variables, ...enums];
}

function isAtTop(file: ParsedSource, variable: Node): boolean {
  const declaration = file.parentOf(variable);
  const holder = declaration === null ? null : file.parentOf(declaration);
  return holder?.type === 'Program' || holder?.type === 'ExportNamedDeclaration';
}

function entriesOf(file: ParsedSource, value: Node): readonly string[] | null {
  switch (value.type) {
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
      return entriesOf(file, value.expression);
    case 'CallExpression':
      // Object.freeze({ … })
      return value.arguments.length === 1 && value.arguments[0] !== undefined
        ? entriesOf(file, value.arguments[0])
        : null;
    case 'NewExpression':
      return /^Map$/.test(file.textOf(value.callee)) && value.arguments[0]?.type === 'ArrayExpression'
        ? pairsOf(file, value.arguments[0])
        : null;
    case 'ObjectExpression':
      return membersOf(file, value);
    default:
      return null;
  }
}

function membersOf(file: ParsedSource, object: NodeOf<'ObjectExpression'>): readonly string[] | null {
  const entries = object.properties.map((one) => {
    if (one.type !== 'Property' || one.computed || one.method || one.shorthand) return null;
    const key = one.key.type === 'Literal' ? String(one.key.value) : file.textOf(one.key);
    return entry(key, literalText(file, one.value));
  });
  return entries.every((text) => text !== null) ? entries : null;
}

function pairsOf(file: ParsedSource, pairs: NodeOf<'ArrayExpression'>): readonly string[] | null {
  const entries = pairs.elements.map((one) => {
    if (one?.type !== 'ArrayExpression' || one.elements.length !== 2) return null;
    const [key = null, value = null] = one.elements;
    const name = literalText(file, key);
    return name === null ? null : entry(name, literalText(file, value));
  });
  return entries.every((text) => text !== null) ? entries : null;
}

function entry(key: string, value: string | null): string | null {
  return value === null ? null : `${key.replace(/^['"]|['"]$/g, '')} = ${value}`;
}

/** The canonical text of a literal, or of an array or object of literals. */
function literalText(file: ParsedSource, node: Node | null): string | null {
  if (node === null) return null;
  switch (node.type) {
    case 'Literal':
      return typeof node.value === 'string' ? JSON.stringify(node.value) : file.textOf(node);
    case 'UnaryExpression': {
      const operand = literalText(file, node.argument);
      return operand === null ? null : node.operator + operand;
    }
    case 'TSAsExpression':
      return literalText(file, node.expression);
    case 'ArrayExpression': {
      const members = node.elements.map((one) => literalText(file, one));
      return members.includes(null) ? null : `[${members.join()}]`;
    }
    case 'ObjectExpression': {
      const members = membersOf(file, node);
      return members === null ? null : `{${[...members].sort().join()}}`;
    }
    default:
      return null;
  }
}

/** Enough entries, and not all of one value: a set written as an object is no table. */
function isDistinctive(entries: readonly string[]): boolean {
  if (entries.length < FEWEST_ENTRIES) return false;
  const values = new Set(entries.map((text) => text.slice(text.indexOf(' = '))));
  return values.size > 2;
}

import { lastName } from './functions.ts';
import type { Node, NodeOf, ParsedSource } from './parsed-source.ts';

/** What the production code of a tree reads by name, of whatever object: members, patterns, texts. */
export interface Vocabulary {
  /** Members that are read: `limits.rows`, `{ rows }`, `limits['rows']`, `'rows' in limits`, `get('rows')`. */
  readonly reads: Set<string>;
  /** Members that are written into objects: `{ rows: 1 }`. */
  readonly writes: Set<string>;
  /** The parts of texts between slashes: file names, keys, routes. */
  readonly segments: Set<string>;
  /** Members handed whole to another package, or asked for by a text: anything of them may be read. */
  readonly handedOut: Set<string>;
  /** Names of functions and members that are passed on as values rather than called. */
  readonly passed: Set<string>;
  /** It lists folders, so that a file may be read without its name being written. */
  listsFolders: boolean;
}

export function emptyVocabulary(): Vocabulary {
  return {
    reads: new Set(),
    writes: new Set(),
    segments: new Set(),
    handedOut: new Set(),
    passed: new Set(),
    listsFolders: false,
  };
}

/** Adds what one file reads. */
export function addToVocabulary(vocabulary: Vocabulary, file: ParsedSource): void {
  const external = externalNames(file);
  for (const member of file.nodesOf('MemberExpression')) readMember(vocabulary, file, member, external);
  for (const pattern of file.nodesOf('ObjectPattern')) {
    for (const one of pattern.properties)
      if (one.type === 'Property' && !one.computed) vocabulary.reads.add(keyText(file, one.key));
  }
  for (const one of file.nodesOf('Property')) {
    if (file.parentOf(one)?.type === 'ObjectExpression' && !one.computed)
      vocabulary.writes.add(keyText(file, one.key));
  }
  for (const literal of file.nodesOf('Literal')) {
    if (typeof literal.value === 'string') readText(vocabulary, file, literal, literal.value);
  }
  for (const { value } of file.nodesOf('TemplateElement')) addSegments(vocabulary, value.cooked ?? '');
  for (const one of file.nodesOf('Identifier')) if (isPassed(file, one)) vocabulary.passed.add(one.name);
  vocabulary.listsFolders ||= /\b(?:readdir|readdirSync|glob|globSync|opendir)\b/.test(file.text);
}

function readMember(
  vocabulary: Vocabulary,
  file: ParsedSource,
  member: NodeOf<'MemberExpression'>,
  external: ReadonlySet<string>,
): void {
  const parent = file.parentOf(member);
  const isTarget =
    parent?.type === 'AssignmentExpression' && parent.left === member && parent.operator === '=';
  if (member.computed) {
    if (member.property.type === 'Literal') vocabulary.reads.add(String(member.property.value));
    return;
  }
  const name = file.textOf(member.property);
  if (!isTarget) vocabulary.reads.add(name);
  if (isHandedOut(file, member, external)) vocabulary.handedOut.add(name);
}

/** `pino(config.log)`, `connect({ ...config.database })` */
function isHandedOut(file: ParsedSource, value: Node, external: ReadonlySet<string>): boolean {
  let below: Node = value;
  for (let at = file.parentOf(value); at !== null; at = file.parentOf(at)) {
    if (at.type === 'CallExpression' || at.type === 'NewExpression') {
      return at.callee !== below && external.has(rootOf(file, at.callee));
    }
    if (!/^(?:SpreadElement|ObjectExpression|Property|TSAsExpression)$/.test(at.type)) return false;
    below = at;
  }
  return false;
}

function rootOf(file: ParsedSource, callee: Node): string {
  return callee.type === 'MemberExpression' ? rootOf(file, callee.object) : (lastName(file, callee) ?? '');
}

/** Variables that stand for another package. */
function externalNames(file: ParsedSource): ReadonlySet<string> {
  const imported = file
    .nodesOf('ImportDeclaration')
    .filter(({ source }) => !/^(?:\.|node:)/.test(source.value))
    .flatMap(({ specifiers }) => specifiers.map(({ local }) => local.name));
  const required = file.nodesOf('VariableDeclarator').flatMap(({ id, init }) => {
    const specifier = /^require\(['"]([^.'"][^'"]*)['"]\)/.exec(init === null ? '' : file.textOf(init))?.[1];
    return specifier === undefined || id.type !== 'Identifier' ? [] : [id.name];
  });
  return new Set([...imported, ...required]);
}

/** A text that names a member: an argument, an operand of `in`, a member of a list of names. */
function readText(vocabulary: Vocabulary, file: ParsedSource, literal: Node, text: string): void {
  addSegments(vocabulary, text);
  const parent = file.parentOf(literal);
  const names =
    parent?.type === 'CallExpression' ||
    parent?.type === 'ArrayExpression' ||
    parent?.type === 'BinaryExpression';
  if (!names) return;
  // `get('limits.rows')`, `get('limits:rows')`: what stands last is read whole, by whoever gets it.
  const parts = text.split(/[.:]/);
  for (const part of parts) vocabulary.reads.add(part);
  const isAsked =
    parent?.type === 'CallExpression' &&
    /^(?:get|getConfig|config)$/.test(lastName(file, parent.callee) ?? '');
  if (isAsked) vocabulary.handedOut.add(parts.at(-1) ?? '');
}

function addSegments(vocabulary: Vocabulary, text: string): void {
  if (text.length > 200) return;
  for (const part of text.split(/[/\\\s]/)) vocabulary.segments.add(part);
}

function keyText(file: ParsedSource, key: Node): string {
  return key.type === 'Literal' ? String(key.value) : file.textOf(key);
}

/** A mention that is neither a call nor a declaration. */
function isPassed(file: ParsedSource, mention: NodeOf<'Identifier'>): boolean {
  const parent = file.parentOf(mention);
  switch (parent?.type) {
    case 'CallExpression':
    case 'NewExpression':
    case 'ArrayExpression':
    case 'SpreadElement':
      return (
        parent.type === 'ArrayExpression' || parent.type === 'SpreadElement' || parent.callee !== mention
      );
    case 'Property':
      return parent.value === mention && file.parentOf(parent)?.type === 'ObjectExpression';
    case 'VariableDeclarator':
      return parent.init === mention;
    case 'AssignmentExpression':
      return parent.right === mention;
    case 'MemberExpression': {
      if (parent.property !== mention) return false;
      const holder = file.parentOf(parent);
      return !(holder?.type === 'CallExpression' && holder.callee === parent);
    }
    case 'ReturnStatement':
    case 'ArrowFunctionExpression':
    case 'ConditionalExpression':
    case 'LogicalExpression':
    case 'TSTypeQuery':
    case 'ExportDefaultDeclaration':
    case 'TSSatisfiesExpression':
    case 'TSAsExpression':
      return true;
    default:
      return false;
  }
}

import type { Node, NodeOf, ParsedSource } from '../syntax/parsed-source.ts';

/** Every name of a module, or the module itself where `module.exports` is one value. */
export const ALL = '*';

/** What a module offers under a name: its own variable, or a name of another module. */
export interface ModuleExport {
  readonly exported: string;
  /** The variable of this module; null where the value has no name here. */
  readonly local: string | null;
}

/** What a module hands on from another. */
export interface ModuleReExport {
  readonly exported: string;
  readonly imported: string;
  readonly specifier: string;
}

/** A name of another module that this one's code mentions outside its imports and exports. */
export interface ModuleUse {
  readonly specifier: string;
  readonly imported: string;
}

/** A variable that stands for a name of another module. */
export interface ImportBinding {
  readonly specifier: string;
  readonly imported: string;
  readonly local: string;
  readonly declared: Node;
}

/** `*` for `module.exports`, the name for `exports.name` and `module.exports.name`, null for anything else. */
export function exportTarget(file: ParsedSource, left: Node): string | null {
  const text = file.textOf(left);
  if (text === 'module.exports') return ALL;
  return /^(?:module\.)?exports\.([\w$]+)$/.exec(text)?.[1] ?? null;
}

/** What a mention takes of its module: one name, or of a namespace the member, or all where the namespace travels on. */
export function usesOf(file: ParsedSource, binding: ImportBinding, mention: Node): readonly ModuleUse[] {
  const { specifier, imported } = binding;
  if (imported !== ALL) return [{ specifier, imported }];
  const parent = file.parentOf(mention);
  if (parent?.type === 'MemberExpression' && parent.object === mention && !parent.computed)
    return [{ specifier, imported: file.textOf(parent.property) }];
  if (parent?.type === 'TSQualifiedName') return [{ specifier, imported: parent.right.name }];
  if (parent?.type === 'JSXMemberExpression') return [{ specifier, imported: parent.property.name }];
  if (parent?.type === 'VariableDeclarator' && parent.init === mention && parent.id.type === 'ObjectPattern')
    return patternKeys(file, parent.id).map((name) => ({ specifier, imported: name }));
  return [{ specifier, imported: ALL }];
}

/** The members an object pattern takes; everything where it has a rest. */
export function patternKeys(file: ParsedSource, pattern: NodeOf<'ObjectPattern'>): readonly string[] {
  return pattern.properties.map((one) =>
    one.type === 'Property' && !one.computed ? file.textOf(one.key) : ALL,
  );
}

export function isRequire(callee: Node): boolean {
  return callee.type === 'Identifier' && callee.name === 'require';
}

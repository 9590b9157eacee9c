import { isNode, type Node, type NodeOf, type ParsedSource } from './parsed-source.ts';

export type FunctionNode =
  | NodeOf<'FunctionDeclaration'>
  | NodeOf<'FunctionExpression'>
  | NodeOf<'ArrowFunctionExpression'>;

/** Every function of a file that has a body. */
export function functionsOf(file: ParsedSource): readonly FunctionNode[] {
  return [
    ...file.nodesOf('FunctionDeclaration'),
    ...file.nodesOf('FunctionExpression'),
    ...file.nodesOf('ArrowFunctionExpression'),
  ];
}

export function isFunction(node: unknown): node is FunctionNode {
  return (
    isNode(node) &&
    (node.type === 'FunctionDeclaration' ||
      node.type === 'FunctionExpression' ||
      node.type === 'ArrowFunctionExpression')
  );
}

/** The name a function is known by where it is written: its own, its variable's, its key's, its member's. */
export function functionName(file: ParsedSource, node: FunctionNode): string | null {
  if (node.id !== null) return node.id.name;
  const parent = file.parentOf(node);
  if (parent?.type === 'VariableDeclarator' && parent.id.type === 'Identifier') return parent.id.name;
  if (
    parent?.type === 'MethodDefinition' ||
    parent?.type === 'Property' ||
    parent?.type === 'PropertyDefinition'
  )
    return parent.computed ? null : file.textOf(parent.key);
  if (parent?.type === 'AssignmentExpression') return lastName(file, parent.left);
  return null;
}

/** `c` of `a.b.c`, `a` of `a`. */
export function lastName(file: ParsedSource, node: Node): string | null {
  if (node.type === 'Identifier') return node.name;
  if (node.type === 'ChainExpression') return lastName(file, node.expression);
  if (node.type !== 'MemberExpression' || node.computed) return null;
  return file.textOf(node.property);
}

/** The binding of a parameter without default, rest or access modifier. */
export function parameterPattern(parameter: FunctionNode['params'][number]): Node {
  if (parameter.type === 'TSParameterProperty') return parameterPattern(parameter.parameter);
  if (parameter.type === 'AssignmentPattern') return parameter.left;
  if (parameter.type === 'RestElement') return parameter.argument;
  return parameter;
}

/** The names of the parameters, null where one is taken apart. */
export function parameterNames(node: FunctionNode): readonly (string | null)[] {
  return node.params
    .map(parameterPattern)
    .filter((pattern) => !(pattern.type === 'Identifier' && pattern.name === 'this'))
    .map((pattern) => (pattern.type === 'Identifier' ? pattern.name : null));
}

export function isWithin(node: Node, outer: Node): boolean {
  return node.start >= outer.start && node.end <= outer.end;
}

/** The innermost function around a node, itself left out. */
export function functionAround(file: ParsedSource, node: Node): FunctionNode | null {
  for (let at = file.parentOf(node); at !== null; at = file.parentOf(at)) if (isFunction(at)) return at;
  return null;
}

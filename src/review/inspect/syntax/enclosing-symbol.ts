import type { Node } from './syntax-node.ts';

/** The path of names from the top of the file to a node: `createServer.requireKey`, `describe keys.test expires`. */
export function enclosingSymbol(node: Node, parentOf: (node: Node) => Node | null, text: string): string {
  const names: string[] = [];
  for (let at: Node | null = node; at !== null; at = parentOf(at)) {
    const name = nameOf(at, text);
    if (name !== null) names.unshift(name);
  }
  return names.join('.');
}

/** The name a node gives to the code below it. */
function nameOf(node: Node, text: string): string | null {
  switch (node.type) {
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
    case 'TSInterfaceDeclaration':
    case 'TSTypeAliasDeclaration':
    case 'TSEnumDeclaration':
      return node.id?.name ?? null;
    case 'MethodDefinition':
    case 'PropertyDefinition':
    case 'Property':
      return node.computed ? null : text.slice(node.key.start, node.key.end);
    case 'VariableDeclarator':
      return node.id.type === 'Identifier' ? node.id.name : null;
    case 'AssignmentExpression':
      return node.left.type === 'MemberExpression' ? text.slice(node.left.start, node.left.end) : null;
    case 'CallExpression':
      return titledCall(node, text);
    default:
      return null;
  }
}

/** `test('expires')` and its kind; the title tells one case from the next. */
function titledCall(node: Node & { type: 'CallExpression' }, text: string): string | null {
  const [title, body] = node.arguments;
  if (title?.type !== 'Literal' || typeof title.value !== 'string' || body === undefined) return null;
  const callee = /^(?:describe|suite|context|it|test|specify|t\.test)\b/.exec(
    text.slice(node.callee.start, node.callee.end),
  );
  return callee === null ? null : `${callee[0]} ${title.value}`;
}

import { type NamedParameters, parameterValue } from './parameters.ts';
import { isNode, type SyntaxNode, textOf } from './syntax-tree.ts';

/** The text of a constant, of a constant under a cast, or of a parameter's value; null for anything else. */
export function constantText(node: SyntaxNode, parameters: NamedParameters): string | null {
  switch (textOf(node, 'class')) {
    case 'CAST':
      return isNode(node.child) ? constantText(node.child, parameters) : null;
    case 'PARAMETER': {
      const value = parameterValue(node, parameters);
      return value === undefined || value === null ? null : String(value);
    }
    case 'CONSTANT': {
      const value = isNode(node.value) ? node.value.value : null;
      if (typeof value === 'string') return value;
      // Numbers too large for JavaScript are raw JSON, whose text is the number.
      return value === null || value === undefined ? null : JSON.stringify(value);
    }
    default:
      return null;
  }
}

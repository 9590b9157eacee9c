import { admittedTypes, itemSchema, type SchemaNode } from './input-schema.ts';

/**
 * Text from a path, query, header or form as the type the input schema asks for. Text that does not fit stays text, so
 * that the operation's own schema refuses it and names the member.
 */
export function textValue(root: SchemaNode, node: SchemaNode | undefined, texts: readonly string[]): unknown {
  const first = texts[0] ?? '';
  if (node === undefined) return first;
  const types = admittedTypes(root, node);
  if (types.includes('array')) {
    const items = itemSchema(root, node) ?? {};
    const members = texts.length === 1 && first.startsWith('[') ? null : texts;
    return members === null ? parsedJson(first) : members.map((text) => textValue(root, items, [text]));
  }
  return scalarValue(types, first);
}

/** Whether a name may be given more than once, one value each time. */
export function takesMany(root: SchemaNode, node: SchemaNode | undefined): boolean {
  return node !== undefined && admittedTypes(root, node).includes('array');
}

function scalarValue(types: readonly string[], text: string): unknown {
  if (types.includes('string') || types.length === 0) return text;
  const isNumeric = types.includes('integer') || types.includes('number');
  if (isNumeric && /^-?\d{1,15}(\.\d{1,15})?$/.test(text)) return Number(text);
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  if (types.includes('object')) return parsedJson(text);
  return text;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

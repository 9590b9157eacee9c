import type { IcebergField, IcebergType } from '../catalog.ts';
import { parsePrimitive, primitiveText } from './primitive-type.ts';

/** Nesting beyond this is refused: it is not data, and recursion has an end. */
const MAX_DEPTH = 64;

/** A type as people read it: `decimal(10, 2)`, `list<string>`, `map<string, long>`, `struct<a: int, "b c": string>`. */
export function typeText(type: IcebergType): string {
  if (typeof type === 'string') return type;
  if (type.type === 'list') return `list<${typeText(type.element)}>`;
  if (type.type === 'map') return `map<${typeText(type.key)}, ${typeText(type.value)}>`;
  const members = type.fields.map((field) => `${memberName(field.name)}: ${typeText(field.type)}`);
  return `struct<${members.join(', ')}>`;
}

function memberName(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
}

/** Reads what `typeText` prints; ids inside are 0. Null for anything else. */
export function parseTypeText(text: string): IcebergType | null {
  const reader = { text, position: 0 };
  const type = readType(reader, 0);
  return type !== null && take(reader, /$/y) !== null ? type : null;
}

interface Reader {
  readonly text: string;
  position: number;
}

function readType(reader: Reader, depth: number): IcebergType | null {
  if (depth > MAX_DEPTH) return null;
  if (take(reader, /list</y) !== null) return readList(reader, depth);
  if (take(reader, /map</y) !== null) return readMap(reader, depth);
  if (take(reader, /struct</y) !== null) return readStruct(reader, depth);
  const name = take(reader, /[a-z]+(?:\([^()]*\)|\[[^[\]]*\])?/y);
  const primitive = name === null ? null : parsePrimitive(name);
  return primitive === null ? null : primitiveText(primitive);
}

function readList(reader: Reader, depth: number): IcebergType | null {
  const element = readType(reader, depth + 1);
  if (element === null || take(reader, />/y) === null) return null;
  return { type: 'list', 'element-id': 0, element, 'element-required': false };
}

function readMap(reader: Reader, depth: number): IcebergType | null {
  const key = readType(reader, depth + 1);
  if (key === null || take(reader, /,/y) === null) return null;
  const value = readType(reader, depth + 1);
  if (value === null || take(reader, />/y) === null) return null;
  return { type: 'map', 'key-id': 0, key, 'value-id': 0, value, 'value-required': false };
}

function readStruct(reader: Reader, depth: number): IcebergType | null {
  const fields: IcebergField[] = [];
  do {
    const name = readName(reader);
    if (name === null || take(reader, /:/y) === null) return null;
    const type = readType(reader, depth + 1);
    if (type === null) return null;
    fields.push({ id: 0, name, required: false, type });
  } while (take(reader, /,/y) !== null);
  return take(reader, />/y) === null ? null : { type: 'struct', fields };
}

function readName(reader: Reader): string | null {
  const quoted = take(reader, /"(?:[^"\\]|\\.)*"/y);
  if (quoted === null) return take(reader, /[A-Za-z_]\w*/y);
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return null;
  }
}

function take(reader: Reader, pattern: RegExp): string | null {
  while (reader.text[reader.position] === ' ') reader.position++;
  pattern.lastIndex = reader.position;
  const found = pattern.exec(reader.text);
  if (found === null) return null;
  reader.position = pattern.lastIndex;
  return found[0];
}

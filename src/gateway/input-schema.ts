import { z } from 'zod';
import type { AnyOperation } from '../govern/scope/index.ts';

/** A JSON Schema (2020-12) node, as far as the gateway reads it. */
export interface SchemaNode {
  readonly [member: string]: unknown;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly allOf?: readonly SchemaNode[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, SchemaNode>>;
}

/** The JSON Schema of what an operation takes, as a caller sends it. */
export function inputSchema(operation: AnyOperation): SchemaNode {
  return jsonSchema(operation.input, 'input');
}

/** The JSON Schema of what an operation answers. */
export function outputSchema(operation: AnyOperation): SchemaNode {
  return jsonSchema(operation.output, 'output');
}

/** The members an object schema names, through references, unions and intersections. */
export function memberSchemas(root: SchemaNode): ReadonlyMap<string, SchemaNode> {
  const members = new Map<string, SchemaNode>();
  for (const node of alternatives(root, root)) {
    for (const [name, member] of Object.entries(node.properties ?? {})) {
      if (!members.has(name)) members.set(name, member);
    }
  }
  return members;
}

/** The types a node admits, `null` left out; empty where it admits anything. */
export function admittedTypes(root: SchemaNode, node: SchemaNode): readonly string[] {
  const types = alternatives(root, node).flatMap((alternative) => {
    if (alternative.type !== undefined) return alternative.type;
    const values = 'const' in alternative ? [alternative.const] : (alternative.enum ?? []);
    return Array.isArray(values) ? values.map((value) => typeof value) : [];
  });
  return [...new Set(types)].filter((type) => type !== 'null');
}

/** The node of an array's items, where the node admits an array. */
export function itemSchema(root: SchemaNode, node: SchemaNode): SchemaNode | null {
  return alternatives(root, node).find((alternative) => alternative.items !== undefined)?.items ?? null;
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): SchemaNode {
  const { $schema: _, ...node } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return node as SchemaNode;
}

function alternatives(root: SchemaNode, node: SchemaNode): readonly SchemaNode[] {
  const resolved = resolveReference(root, node);
  const inner = [...(resolved.anyOf ?? []), ...(resolved.oneOf ?? []), ...(resolved.allOf ?? [])];
  if (inner.length === 0) return [resolved];
  return [resolved, ...inner.flatMap((alternative) => alternatives(root, alternative))];
}

function resolveReference(root: SchemaNode, node: SchemaNode): SchemaNode {
  const name = /^#\/\$defs\/(.+)$/.exec(node.$ref ?? '')?.[1];
  const target = name === undefined ? undefined : root.$defs?.[name];
  return target ?? node;
}

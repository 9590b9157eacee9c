import { z } from 'zod';

/** The schema under wrappers that say how a value may be absent: optional, default, prefault, lazy. */
export function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  let current = schema;
  for (;;) {
    if (
      current instanceof z.ZodDefault ||
      current instanceof z.ZodPrefault ||
      current instanceof z.ZodOptional ||
      current instanceof z.ZodNullable
    ) {
      current = current.def.innerType;
    } else if (current instanceof z.ZodLazy) {
      current = current.def.getter();
    } else return current;
  }
}

/** The keys an object schema at this path knows, of all alternatives where it is a union; empty for anything else. */
export function knownKeys(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  return fieldsAt(schema, path).flatMap(({ type }) =>
    type instanceof z.ZodObject ? Object.keys(type.shape) : [],
  );
}

/** A place of a schema: what may stand there, and what stands there by default. */
export interface SchemaField {
  readonly type: z.core.$ZodType;
  readonly usual: unknown;
}

/** What a schema allows at this path, one field for each alternative; none where the path leads out of it. */
export function fieldsAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly SchemaField[] {
  const [step, ...rest] = path;
  const usual = schema instanceof z.ZodDefault ? schema.def.defaultValue : undefined;
  return alternatives(schema).flatMap((option) => {
    if (step === undefined) return [{ type: option, usual }];
    if (option instanceof z.ZodArray) return fieldsAt(option.element, rest);
    if (option instanceof z.ZodRecord) return fieldsAt(option.valueType, rest);
    if (option instanceof z.ZodObject && Object.hasOwn(option.shape, step)) {
      return fieldsAt(option.shape[String(step)], rest);
    }
    return [];
  });
}

function alternatives(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  const inner = unwrapped(schema);
  return inner instanceof z.ZodUnion ? inner.options.flatMap(alternatives) : [inner];
}

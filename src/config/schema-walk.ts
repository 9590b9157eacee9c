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
  const [step, ...rest] = path;
  return alternatives(schema).flatMap((option) => {
    if (step === undefined) return option instanceof z.ZodObject ? Object.keys(option.shape) : [];
    if (option instanceof z.ZodArray) return knownKeys(option.element, rest);
    if (option instanceof z.ZodRecord) return knownKeys(option.valueType, rest);
    if (option instanceof z.ZodObject && Object.hasOwn(option.shape, step)) {
      return knownKeys(option.shape[String(step)], rest);
    }
    return [];
  });
}

function alternatives(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  const inner = unwrapped(schema);
  return inner instanceof z.ZodUnion ? inner.options.flatMap(alternatives) : [inner];
}

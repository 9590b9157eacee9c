import { z } from 'zod';
import { knownKeys, unwrapped } from './schema-walk.ts';

/** One key of the configuration, as the file, the environment and the documentation name it. */
export interface Setting {
  /** From the root; `*` stands for a name the user chooses, such as a bucket's. */
  readonly path: readonly string[];
  readonly description: string;
  /** The value used where none is given; undefined where one must be given. */
  readonly defaultValue: unknown;
  readonly schema: z.core.$ZodType;
}

/** Every key of an object schema, in its order, sections walked into. */
export function settingsOf(schema: z.core.$ZodType, path: readonly string[] = []): readonly Setting[] {
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodObject) {
    return Object.entries(inner.shape).flatMap(([key, member]) =>
      settingsOf(member as z.core.$ZodType, [...path, key]),
    );
  }
  if (inner instanceof z.ZodRecord && knownKeys(inner.valueType, []).length > 0) {
    return settingsOf(inner.valueType, [...path, '*']);
  }
  const description = z.globalRegistry.get(schema)?.description ?? '';
  const defaultValue = schema instanceof z.ZodDefault ? schema.def.defaultValue : undefined;
  return [{ path, description, defaultValue, schema: inner }];
}

import { z } from 'zod';
import { closestName } from '../../config/index.ts';
import { inputMistake } from '../../door/index.ts';

/** The value of one argument. A parameter that may be left out and was, is null in the SQL. */
export type ArgumentValue = string | number | boolean | null;

/** One argument that does not fit, for the problem's `errors`. */
export interface ArgumentMistake {
  readonly pointer: string;
  readonly detail: string;
}

export type JudgedArguments =
  | { readonly ok: true; readonly values: Readonly<Record<string, ArgumentValue>> }
  | { readonly ok: false; readonly mistakes: readonly ArgumentMistake[] };

const PARAMETER_NAME = /^[a-z][a-z0-9_]{0,63}$/;
/** Longest text of a parameter that says no `maxLength`. */
const TEXT_LENGTH = 1_000;

const description = z.string().min(1).max(1_000).exactOptional();
const length = z.int().min(0).max(100_000);

/** A subset of JSON Schema, under its own names: no patterns, no references, no nesting. */
const parameterSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('string'),
    description,
    enum: z.array(z.string().max(TEXT_LENGTH)).min(1).max(200).exactOptional(),
    minLength: length.exactOptional(),
    maxLength: length.default(TEXT_LENGTH),
    default: z.string().exactOptional(),
  }),
  z.strictObject({
    type: z.literal('integer'),
    description,
    minimum: z.int().exactOptional(),
    maximum: z.int().exactOptional(),
    default: z.int().exactOptional(),
  }),
  z.strictObject({
    type: z.literal('number'),
    description,
    minimum: z.number().exactOptional(),
    maximum: z.number().exactOptional(),
    default: z.number().exactOptional(),
  }),
  z.strictObject({ type: z.literal('boolean'), description, default: z.boolean().optional() }),
]);

/** The parameters of a tool as its file writes them. */
export const parametersSchema = z
  .strictObject({
    type: z.literal('object').default('object'),
    properties: z
      .record(
        z.string().regex(PARAMETER_NAME, 'A parameter is named in snake_case, such as years_experience'),
        parameterSchema,
      )
      .default({}),
    required: z.array(z.string()).max(100).default([]),
  })
  .superRefine(({ properties, required }, check) => {
    const refuse = (path: readonly (string | number)[], message: string) =>
      check.addIssue({ code: 'custom', path: [...path], message });
    for (const [name, parameter] of Object.entries(properties)) {
      const path = ['properties', name];
      const { default: given, ...schema } = parameter;
      if (isUpsideDown(parameter)) refuse(path, 'The smallest value is greater than the largest.');
      else if (given !== undefined && !z.fromJSONSchema(schema).safeParse(given).success) {
        refuse([...path, 'default'], 'The default does not fit the parameter itself.');
      }
      if (given !== undefined && required.includes(name)) {
        refuse([...path, 'default'], 'A required parameter has no default.');
      }
    }
    for (const [index, name] of required.entries()) {
      if (Object.hasOwn(properties, name)) continue;
      const meant = closestName(name, Object.keys(properties));
      const hint = meant === null ? '' : `, but there is "${meant}"`;
      refuse(['required', index], `There is no parameter "${name}"${hint}.`);
    }
  });

/** The JSON Schema of a tool's arguments, as callers are shown it and as they are judged by it. */
export type ToolParameters = z.output<typeof parametersSchema> & { readonly additionalProperties: false };

/** Judges arguments against a tool's schema; every mistake is named by its pointer into the request. */
export function argumentJudge(
  parameters: ToolParameters,
): (given: Readonly<Record<string, unknown>>) => JudgedArguments {
  const schema = z.fromJSONSchema(parameters);
  const names = Object.keys(parameters.properties);
  return (given) => {
    // Without a prototype, so that only own members count as given (K-16).
    const result = schema.safeParse(Object.assign(Object.create(null), given), { error: inputMistake });
    if (result.success) {
      const fitting = new Map(Object.entries(result.data as Record<string, ArgumentValue>));
      return { ok: true, values: Object.fromEntries(names.map((name) => [name, fitting.get(name) ?? null])) };
    }
    return { ok: false, mistakes: result.error.issues.flatMap((issue) => mistakesOf(issue, parameters)) };
  };
}

function mistakesOf(issue: z.core.$ZodIssue, { properties }: ToolParameters): readonly ArgumentMistake[] {
  const at = (name: string) => `/arguments/${name}`;
  const names = Object.keys(properties);
  if (issue.code !== 'unrecognized_keys') {
    const name = issue.path.map(String).join('/');
    // A schema made of JSON Schema asks for a number first, and then for a whole one.
    const isWhole = Object.hasOwn(properties, name) && properties[name]?.type === 'integer';
    const detail = isWhole ? issue.message.replace('be a number', 'be a whole number') : issue.message;
    return [{ pointer: at(name), detail }];
  }
  return issue.keys.map((key) => {
    const meant = closestName(key, names);
    const known = names.length === 0 ? 'It takes none.' : `It takes ${names.join(', ')}.`;
    const hint = meant === null ? known : `Did you mean ${meant}?`;
    return { pointer: at(key.slice(0, 64)), detail: `The tool has no such parameter. ${hint}` };
  });
}

function isUpsideDown(parameter: z.output<typeof parameterSchema>): boolean {
  if (parameter.type === 'boolean') return false;
  const [least, most] =
    parameter.type === 'string'
      ? [parameter.minLength, parameter.maxLength]
      : [parameter.minimum, parameter.maximum];
  return least !== undefined && most !== undefined && least > most;
}

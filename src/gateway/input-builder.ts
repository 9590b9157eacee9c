import { LakeError } from '../base/index.ts';
import { gatewayErrors } from './errors.ts';
import type { ContentPlan } from './route-plan.ts';
import { takesMany, textValue } from './text-value.ts';

/** Gathers one operation's input from the places of a request; a name from two places is refused. */
export interface InputBuilder {
  addForm(name: string, text: string): void;
  addBody(body: Readonly<Record<string, unknown>>): void;
  /** The members gathered so far, as own properties of an object without a prototype. */
  input(): Readonly<Record<string, unknown>>;
  has(name: string): boolean;
}

/** What a builder starts from: the parts of a request outside its body. */
export interface RequestHead {
  readonly params: Readonly<Record<string, string>>;
  /** The raw query string, without `?`. */
  readonly query: string;
  /** Of a form, `content-type` is that of its file, known later. */
  header(name: string): string | undefined;
}

/** Throws `gateway.parameter_repeated` and `gateway.parameter_unknown`. */
export function createInputBuilder(plan: ContentPlan, head: RequestHead): InputBuilder {
  const members = new Map<string, unknown>();
  const texts = new Map<string, string[]>();
  const put = (name: string, value: unknown) => {
    if (members.has(name)) throw repeated(name);
    members.set(name, value);
  };
  const putText = (name: string, text: string) => put(name, convert(plan, name, [text]));

  for (const [parameter, name] of plan.pathMembers) putText(name, head.params[parameter] ?? '');
  addQuery(plan, head.query, put);
  for (const [header, name] of plan.headers) {
    const text = head.header(header);
    if (text !== undefined) putText(name, text);
  }
  return {
    addForm(name, text) {
      const earlier = texts.get(name);
      if (earlier === undefined) {
        putText(name, text);
        texts.set(name, [text]);
      } else {
        if (!takesMany(plan.schema, plan.members.get(name))) throw repeated(name);
        earlier.push(text);
        members.set(name, convert(plan, name, earlier));
      }
    },
    addBody(body) {
      for (const [name, value] of Object.entries(body)) put(name, value);
    },
    input: () => Object.assign(Object.create(null), Object.fromEntries(members)),
    has: (name) => members.has(name),
  };
}

function addQuery(plan: ContentPlan, query: string, put: (name: string, value: unknown) => void): void {
  if (query === '') return;
  const given = new URLSearchParams(query);
  for (const name of new Set(given.keys())) {
    if (!plan.query.has(name)) throw unknown(plan, name);
    const values = given.getAll(name);
    if (values.length > 1 && !takesMany(plan.schema, plan.members.get(name))) throw repeated(name);
    put(name, convert(plan, name, values));
  }
}

function convert(plan: ContentPlan, name: string, texts: readonly string[]): unknown {
  return textValue(plan.schema, plan.members.get(name), texts);
}

function repeated(name: string): LakeError {
  return new LakeError(gatewayErrors.parameter_repeated, {
    detail: `\`${name.slice(0, 64)}\` is given more than once. Give it once, in one place.`,
  });
}

function unknown(plan: ContentPlan, name: string): LakeError {
  const known = [...plan.query].map((each) => `\`${each}\``).join(', ');
  return new LakeError(gatewayErrors.parameter_unknown, {
    detail: `There is no query parameter \`${name.slice(0, 64)}\` here. ${known === '' ? 'It takes none.' : `It takes ${known}.`}`,
  });
}

import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Consideration } from './route-facts.ts';
import type { RoutingTable } from './routing-table.ts';

/** A model at a provider, by the provider's own name. */
export interface Target {
  readonly provider: string;
  readonly model: string;
}

/** What a model's name stands for. */
export type Resolution =
  | { readonly kind: 'target'; readonly target: Target }
  | { readonly kind: 'ladder'; readonly ladder: string }
  /** A provider that is not configured, where the name leads to one. */
  | { readonly kind: 'none'; readonly absentProvider: string | null };

/**
 * The one meaning of a name that clients give. Names are opaque: colons and slashes in them mean nothing but what this
 * order says, and a reading under which the model is not known gives way to the next:
 *
 * 1. `provider/model` of a configured provider;
 * 2. the longest prefix of the table; one that ends in `/` is no part of the provider's own name;
 * 3. the first configured provider that lists exactly this name;
 * 4. a ladder of this name.
 */
export function resolveModel(
  name: string,
  deps: {
    readonly routing: RoutingTable;
    readonly catalogue: Catalogue;
    readonly providers: ReadonlySet<string>;
    readonly note: (consideration: Consideration) => void;
  },
): Resolution {
  const { routing, catalogue, providers, note } = deps;
  let absentProvider: string | null = null;
  for (const { considered, target } of readings(name, deps)) {
    if (!providers.has(target.provider)) {
      absentProvider ??= target.provider;
      note({ considered, outcome: 'passed over', why: `the provider ${target.provider} is not configured` });
    } else if (!isModelName(target.model) || catalogue.find(target.provider, target.model) === null) {
      const why = `no such model of ${target.provider} is known`;
      note({ considered, outcome: 'passed over', why });
    } else {
      note({ considered, outcome: 'chosen', why: `it is "${target.model}" of ${target.provider}` });
      return { kind: 'target', target };
    }
  }
  if (routing.ladders.has(name)) {
    note({
      considered: `ladder "${name}"`,
      outcome: 'chosen',
      why: 'the model named is the name of a ladder',
    });
    return { kind: 'ladder', ladder: name };
  }
  return { kind: 'none', absentProvider };
}

const MAX_NAME_LENGTH = 256;

/** A pattern of the routing file may stand for any model, but not for what is no name. */
function isModelName(model: string): boolean {
  return model !== '' && model.length <= MAX_NAME_LENGTH;
}

/** One after the other: the first nearly always holds, and the last looks through every list. */
function* readings(
  name: string,
  deps: Parameters<typeof resolveModel>[1],
): Generator<{ readonly considered: string; readonly target: Target }> {
  const { routing, catalogue, providers } = deps;
  const slash = name.indexOf('/');
  const own = { provider: name.slice(0, slash), model: name.slice(slash + 1) };
  if (slash > 0 && providers.has(own.provider)) yield { considered: `"${name}" as named`, target: own };
  for (const { prefix, provider } of routing.prefixes) {
    if (!name.startsWith(prefix)) continue;
    const model = prefix.endsWith('/') ? name.slice(prefix.length) : name;
    yield { considered: `prefix "${prefix}"`, target: { provider, model } };
  }
  const listing = [...providers].find((provider) => catalogue.lists(provider, name));
  if (listing === undefined) return;
  yield { considered: `the models of ${listing}`, target: { provider: listing, model: name } };
}

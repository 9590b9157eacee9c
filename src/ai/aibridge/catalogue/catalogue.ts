import { LakeError, matchesPattern } from '../../../base/index.ts';
import { modelsErrors } from '../errors.ts';
import type { CatalogueFile } from './catalogue-file.ts';
import { type ModelEntry, type ModelFile, type ModelOverride, modelEntry } from './model-entry.ts';

/** Windows, prices and capabilities of models: the snapshot, with the administrator's words over it. */
export interface Catalogue {
  /** For logs and answers: the packages, versions, licences and dates of the snapshot, and its hash. */
  readonly origin: string;
  /** The entry of a provider's model, by the names of the configuration and of the provider; null where unknown. */
  find(provider: string, model: string): ModelEntry | null;
  /** Whether a model is known by its own name and not only by a pattern of the routing file. */
  lists(provider: string, model: string): boolean;
  /** The models listed of a provider, sorted. */
  modelsOf(provider: string): readonly string[];
}

/** Entries kept, each made of patterns and decimal prices: every request asks for one. */
const MAX_ENTRIES = 1_024;

/** What `routing.toml` says of models. */
export interface LocalModels {
  /** `provider/model`, where `*` stands for anything → what differs from the snapshot, or all of a model it lacks. */
  readonly models: ReadonlyMap<string, ModelOverride>;
  /** A provider of the configuration → the name that the snapshot has for it. */
  readonly catalogueNames: ReadonlyMap<string, string>;
}

/**
 * The snapshot under the local words: of several that fit a model, the longer pattern counts more, and a name most.
 * Throws `models.routing_invalid` for a named model that neither describes whole.
 */
export function createCatalogue(file: CatalogueFile, local: LocalModels): Catalogue {
  const shipped = new Map(Object.entries(file.models));
  const patterns = [...local.models.keys()]
    .filter((name) => name.includes('*'))
    .toSorted((a, b) => a.length - b.length);
  const shippedName = (provider: string, model: string) =>
    `${local.catalogueNames.get(provider) ?? provider}/${model}`;
  const fileOf = (provider: string, model: string): Partial<ModelFile> | null => {
    const name = `${provider}/${model}`;
    const found = shipped.get(shippedName(provider, model));
    const fitting = patterns.filter((pattern) => matchesPattern(pattern, name));
    const overrides = [...fitting, name].flatMap((key) => local.models.get(key) ?? []);
    return found === undefined && overrides.length === 0 ? null : Object.assign({}, found, ...overrides);
  };
  const entries = new Map<string, ModelEntry | null>();
  for (const name of local.models.keys()) if (!name.includes('*')) requireWhole(name, fileOf(...split(name)));
  return {
    origin: originOf(file),
    find(provider, model) {
      const name = `${provider}/${model}`;
      const known = entries.get(name);
      if (known !== undefined) return known;
      const described = fileOf(provider, model);
      const entry = described !== null && isWhole(described) ? modelEntry(name, described) : null;
      // A name is a caller's choice where a pattern stands for any.
      if (entries.size >= MAX_ENTRIES) entries.clear();
      entries.set(name, entry);
      return entry;
    },
    lists: (provider, model) =>
      !model.includes('*') &&
      (shipped.has(shippedName(provider, model)) || local.models.has(`${provider}/${model}`)),
    modelsOf(provider) {
      const named = local.catalogueNames.get(provider) ?? provider;
      const names = [...modelsBelow(shipped.keys(), named), ...modelsBelow(local.models.keys(), provider)];
      return [...new Set(names.filter((name) => !name.includes('*')))].sort();
    },
  };
}

function originOf({ sources, sha256 }: CatalogueFile): string {
  const packages = sources.map(
    ({ package: name, version, license, date }) => `${name} ${version} of ${date} (${license})`,
  );
  return `${packages.join(', ')}; sha256 ${sha256}`;
}

/** `provider/model` in its two parts; the model may hold slashes. */
function split(name: string): [string, string] {
  const slash = name.indexOf('/');
  return [name.slice(0, slash), name.slice(slash + 1)];
}

function modelsBelow(names: Iterable<string>, provider: string): readonly string[] {
  const prefix = `${provider}/`;
  return [...names].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
}

const REQUIRED = ['context_window', 'max_output_tokens', 'billing', 'capabilities'] as const;

function missingMembers(described: Partial<ModelFile> | null): readonly string[] {
  return REQUIRED.filter((key) => described?.[key] === undefined);
}

function isWhole(described: Partial<ModelFile>): described is ModelFile {
  return missingMembers(described).length === 0;
}

function requireWhole(name: string, described: Partial<ModelFile> | null): void {
  const missing = missingMembers(described);
  if (missing.length === 0) return;
  throw new LakeError(modelsErrors.routing_invalid, {
    detail: `The routing file describes the model "${name}", which the catalogue does not have, without ${missing.join(', ')}. Add what is missing.`,
    data: { model: name, missing },
  });
}

import type { Clock, Logger } from '../../base/index.ts';
import type { Catalogue } from './catalogue/catalogue.ts';
import type { ModelEntry } from './catalogue/model-entry.ts';
import { type ModelProvider, ProviderFailure } from './provider.ts';
import type { Router } from './routing/router.ts';

/** A model that can be called now, as far as its service says. */
export interface ServedModel {
  /** `provider/model`. */
  readonly fullName: string;
  readonly provider: string;
  readonly entry: ModelEntry;
}

/** The models of the configured providers. */
export interface ServedModels {
  list(log: Logger): Promise<readonly ServedModel[]>;
  /** The model that a client's name stands for; null where it stands for none, or its service says that it has none such. */
  find(name: string, log: Logger): Promise<ServedModel | null>;
}

/** A list that was asked for is good so long; a service that does not answer is not waited for longer than this. */
const KEPT_MS = 30_000;
const PATIENCE_MS = 2_000;

/**
 * Models that the catalogue names, and of a service it names none of (one's own, such as Ollama) those that it says it
 * has: a pattern of the routing file describes them. A service that does not answer is left out.
 */
export function createServedModels(parts: {
  readonly providers: ReadonlyMap<string, ModelProvider>;
  readonly catalogue: Catalogue;
  readonly router: Pick<Router, 'resolve'>;
  readonly clock: Clock;
}): ServedModels {
  const { providers, catalogue, router, clock } = parts;
  const asked = new Map<string, { readonly untilMs: number; readonly models: Promise<readonly string[]> }>();

  function askedOf(name: string, provider: ModelProvider): Promise<readonly string[]> {
    const known = asked.get(name);
    const nowMs = clock.monotonicMs();
    if (known !== undefined && nowMs < known.untilMs) return known.models;
    const models = provider.listModels(AbortSignal.timeout(PATIENCE_MS));
    asked.set(name, { untilMs: nowMs + KEPT_MS, models });
    return models;
  }

  async function namesOf(name: string, provider: ModelProvider, log: Logger): Promise<readonly string[]> {
    const named = catalogue.modelsOf(name);
    if (named.length > 0) return named;
    try {
      return [...(await askedOf(name, provider))].sort();
    } catch (error) {
      if (!(error instanceof ProviderFailure)) throw error;
      log.warn({ provider: name, class: error.class }, 'a provider did not list its models');
      return [];
    }
  }

  return {
    async list(log) {
      const lists = [...providers].map(async ([provider, service]) => {
        const names = await namesOf(provider, service, log);
        return names.flatMap((model): ServedModel[] => {
          const entry = catalogue.find(provider, model);
          return entry === null ? [] : [{ fullName: `${provider}/${model}`, provider, entry }];
        });
      });
      return (await Promise.all(lists)).flat();
    },
    async find(name, log) {
      const target = router.resolve(name);
      if (target === null) return null;
      const { provider, model } = target;
      const entry = catalogue.find(provider, model);
      const service = providers.get(provider);
      if (entry === null || service === undefined) return null;
      const isListed =
        catalogue.modelsOf(provider).length > 0 || (await namesOf(provider, service, log)).includes(model);
      return isListed ? { fullName: `${provider}/${model}`, provider, entry } : null;
    },
  };
}

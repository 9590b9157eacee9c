import { resolve } from 'node:path';
import type { Clock, Logger } from '../../base/index.ts';
import type { Config } from '../../config/index.ts';
import type { Ceiling } from '../../govern/budget/index.ts';
import type { AnyOperation, HttpRoute } from '../../govern/scope/index.ts';
import type { MetastoreReader } from '../../metastore/index.ts';
import type { PersonalDataFinder } from './answer-context.ts';
import type { BridgeParts } from './bridge-parts.ts';
import { createTokenEstimator } from './catalogue/token-estimate.ts';
import { configuredProviders } from './configured-providers.ts';
import { anthropicMessages } from './operations/anthropic-messages.ts';
import { chat } from './operations/chat.ts';
import { countTokens } from './operations/count-tokens.ts';
import { embeddings } from './operations/embeddings.ts';
import { explainRoute } from './operations/explain-route.ts';
import { getModel } from './operations/get-model.ts';
import { listModels } from './operations/list-models.ts';
import { openAiChat } from './operations/openai-chat.ts';
import { routeHealth } from './operations/route-health.ts';
import { usage } from './operations/usage.ts';
import { createOutputSizes } from './output-sizes.ts';
import { bridgeRoutes } from './routes.ts';
import { openRouting } from './routing/open-routing.ts';
import { createRouter } from './routing/router.ts';
import { createServedModels } from './served-models.ts';

export interface BridgeOptions {
  readonly home: string;
  readonly config: Config['models'];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly reader: MetastoreReader;
  readonly personalData: PersonalDataFinder;
  readonly clock: Clock;
  readonly wait: BridgeParts['wait'];
  readonly random: () => number;
  readonly log: Logger;
}

/** The room as main sees it. */
export interface Aibridge {
  readonly operations: readonly AnyOperation[];
  readonly routes: readonly HttpRoute[];
  /** What the routing table says of spending, for the room that holds to it. */
  readonly ceilings: readonly Ceiling[];
  /** Numbers of the providers, for the scrape. */
  stats(): { readonly providers: number; readonly providers_failing: number; readonly open_breakers: number };
  close(): Promise<void>;
}

/**
 * Reads the routing table and the catalogue, and makes a provider of each that is configured; connects to none. Throws
 * `models.routing_invalid`, `models.catalogue_invalid`, `models.provider_misconfigured`: nothing starts on a guess.
 */
export function createAibridge(options: BridgeOptions): Aibridge {
  const { home, config, clock, random, log } = options;
  const { routing, catalogue, shipped } = openRouting(config, (path) => resolve(home, path));
  const providers = configuredProviders(options);
  const router = createRouter({ routing, catalogue, providers: new Set(providers.keys()), clock, random });
  log.info(
    { providers: [...providers.keys()], catalogue: catalogue.origin, shipped_routing: shipped },
    'models routed',
  );
  const parts: BridgeParts = {
    ...options,
    router,
    catalogue,
    providers,
    estimator: createTokenEstimator(),
    sizes: createOutputSizes(),
    served: createServedModels({ providers, catalogue, router, clock }),
    continuation: {
      maxCalls: config.max_continuations + 1,
      maxOutputTokens: config.max_answer_tokens,
      maxCostNanoUsd: Math.round(config.max_answer_usd * 1e9),
    },
  };
  return {
    operations: [
      chat(parts),
      openAiChat(parts),
      anthropicMessages(parts),
      embeddings(parts),
      countTokens(parts),
      listModels(parts),
      getModel(parts),
      usage(parts),
      explainRoute(parts),
      routeHealth(parts),
    ],
    routes: bridgeRoutes,
    ceilings: routing.ceilings,
    stats() {
      const health = router.health();
      return {
        providers: health.length,
        providers_failing: health.filter(({ state }) => state === 'failing').length,
        open_breakers: health.reduce((sum, { openBreakers }) => sum + openBreakers.length, 0),
      };
    },
    async close() {
      await Promise.all([...providers.values()].map((provider) => provider.close()));
    },
  };
}

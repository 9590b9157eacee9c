import type { ModelProvider } from '../provider.ts';
import { AnthropicProvider } from './anthropic/anthropic-provider.ts';
import type { ProviderSurroundings } from './json-service.ts';
import { OllamaProvider } from './ollama/ollama-provider.ts';
import { OpenAiCompatibleProvider } from './openai-compatible/openai-compatible-provider.ts';
import type { ProviderSettings } from './provider-settings.ts';

type MakeProvider = (settings: ProviderSettings, surroundings: ProviderSurroundings) => ModelProvider;

/** The kinds of service there are: each has its folder here, and its line. */
const MAKERS = {
  'openai-compatible': (settings, surroundings) => new OpenAiCompatibleProvider(settings, surroundings),
  anthropic: (settings, surroundings) => new AnthropicProvider(settings, surroundings),
  ollama: (settings, surroundings) => new OllamaProvider(settings, surroundings),
} as const satisfies Readonly<Record<string, MakeProvider>>;

export type ProviderKind = keyof typeof MAKERS;

export const PROVIDER_KINDS = Object.keys(MAKERS) as readonly ProviderKind[];

export interface ConfiguredProvider extends ProviderSettings {
  readonly kind: ProviderKind;
}

/** The provider that a configuration describes. Connects to nothing yet. Throws `models.provider_misconfigured`. */
export function createProvider(
  settings: ConfiguredProvider,
  surroundings: ProviderSurroundings,
): ModelProvider {
  return MAKERS[settings.kind](settings, surroundings);
}

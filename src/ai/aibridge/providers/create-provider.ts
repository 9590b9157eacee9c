import type { ModelProvider } from '../provider.ts';
import { ANTHROPIC_BASE_URL, AnthropicProvider } from './anthropic/anthropic-provider.ts';
import type { ProviderSurroundings } from './json-service.ts';
import { OLLAMA_BASE_URL, OllamaProvider } from './ollama/ollama-provider.ts';
import { OPENAI_BASE_URL, OpenAiCompatibleProvider } from './openai-compatible/openai-compatible-provider.ts';
import type { ProviderSettings } from './provider-settings.ts';

type MakeProvider = (settings: ProviderSettings, surroundings: ProviderSurroundings) => ModelProvider;

/** The kinds of service there are: each has its folder here, and its line. */
const MAKERS = {
  'openai-compatible': (settings, surroundings) => new OpenAiCompatibleProvider(settings, surroundings),
  anthropic: (settings, surroundings) => new AnthropicProvider(settings, surroundings),
  ollama: (settings, surroundings) => new OllamaProvider(settings, surroundings),
} as const satisfies Readonly<Record<string, MakeProvider>>;

export type ProviderKind = keyof typeof MAKERS;

export interface ConfiguredProvider extends ProviderSettings {
  readonly kind: ProviderKind;
}

/** Where a service of each kind usually is, for a configuration that does not say. */
const USUAL_BASE_URLS: Readonly<Record<ProviderKind, string>> = {
  'openai-compatible': OPENAI_BASE_URL,
  anthropic: ANTHROPIC_BASE_URL,
  ollama: OLLAMA_BASE_URL,
};

export function usualBaseUrl(kind: ProviderKind): string {
  return USUAL_BASE_URLS[kind];
}

/** The provider that a configuration describes. Connects to nothing yet. Throws `models.provider_misconfigured`. */
export function createProvider(
  settings: ConfiguredProvider,
  surroundings: ProviderSurroundings,
): ModelProvider {
  return MAKERS[settings.kind](settings, surroundings);
}

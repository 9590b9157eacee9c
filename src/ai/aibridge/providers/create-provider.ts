import type { ModelProvider } from '../provider.ts';
import { ANTHROPIC_BASE_URL, AnthropicProvider } from './anthropic/anthropic-provider.ts';
import type { ProviderSurroundings } from './json-service.ts';
import { OLLAMA_BASE_URL, OllamaProvider } from './ollama/ollama-provider.ts';
import { OPENAI_BASE_URL, OpenAiCompatibleProvider } from './openai-compatible/openai-compatible-provider.ts';
import type { ProviderKind, ProviderSettings } from './provider-settings.ts';

type MakeProvider = (settings: ProviderSettings, surroundings: ProviderSurroundings) => ModelProvider;

const MAKERS: Readonly<Record<ProviderKind, MakeProvider>> = {
  'openai-compatible': (settings, surroundings) => new OpenAiCompatibleProvider(settings, surroundings),
  anthropic: (settings, surroundings) => new AnthropicProvider(settings, surroundings),
  ollama: (settings, surroundings) => new OllamaProvider(settings, surroundings),
};

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
  settings: ProviderSettings,
  surroundings: ProviderSurroundings,
): ModelProvider {
  return MAKERS[settings.kind](settings, surroundings);
}

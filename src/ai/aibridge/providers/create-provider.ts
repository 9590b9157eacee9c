import type { ModelProvider } from '../provider.ts';
import { AnthropicProvider } from './anthropic/anthropic-provider.ts';
import type { ProviderSurroundings } from './json-service.ts';
import { OllamaProvider } from './ollama/ollama-provider.ts';
import { OpenAiCompatibleProvider } from './openai-compatible/openai-compatible-provider.ts';
import type { ProviderKind, ProviderSettings } from './provider-settings.ts';

type MakeProvider = (settings: ProviderSettings, surroundings: ProviderSurroundings) => ModelProvider;

const MAKERS: Readonly<Record<ProviderKind, MakeProvider>> = {
  'openai-compatible': (settings, surroundings) => new OpenAiCompatibleProvider(settings, surroundings),
  anthropic: (settings, surroundings) => new AnthropicProvider(settings, surroundings),
  ollama: (settings, surroundings) => new OllamaProvider(settings, surroundings),
};

/** The provider that a configuration describes. Connects to nothing yet. Throws `models.provider_misconfigured`. */
export function createProvider(
  settings: ProviderSettings,
  surroundings: ProviderSurroundings,
): ModelProvider {
  return MAKERS[settings.kind](settings, surroundings);
}

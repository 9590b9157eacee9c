import type { TransportSettings } from '../transport/http-transport.ts';

/** The kinds of service there are; each has its folder here. */
export const PROVIDER_KINDS = ['openai-compatible', 'anthropic', 'ollama'] as const;
export type ProviderKind = (typeof PROVIDER_KINDS)[number];

/** One provider as an administrator configures it. */
export interface ProviderSettings extends Omit<TransportSettings, 'headers'> {
  readonly kind: ProviderKind;
  /** Null where the service asks for none. */
  readonly apiKey: string | null;
  /** Sent with every request, besides the key. */
  readonly headers?: Readonly<Record<string, string>>;
}

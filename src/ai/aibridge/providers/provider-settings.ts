import type { TransportSettings } from '../transport/http-transport.ts';

/** One provider as an administrator configures it. */
export interface ProviderSettings extends Omit<TransportSettings, 'headers'> {
  /** Null where the service asks for none. */
  readonly apiKey: string | null;
  /** Sent with every request, besides the key. */
  readonly headers?: Readonly<Record<string, string>>;
}

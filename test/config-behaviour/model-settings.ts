import { stringify } from 'smol-toml';
import type { Answered, ConfiguredServer } from './configured-server.ts';

const ENTRY = `
context_window = 100000
max_output_tokens = 1000
billing = "metered"
prices_usd_per_million = { input = 1, output = 2 }
capabilities = ["chat"]
`;

/**
 * A routing.toml that sends a request without a model to `one/<usual>`, tries each call once, and describes every model of
 * these providers, at 1 and 2 dollars a million tokens.
 */
export function routing(providers: readonly string[], usual = 'usual'): string {
  return [
    `[ladders.default]\nrungs = [{ provider = "one", model = "${usual}" }]\n`,
    '[retries]\nmax_attempts = 1\n',
    ...providers.map((name) => `[models."${name}/*"]${ENTRY}`),
  ].join('\n');
}

/** A lakehouse.toml with these providers; each reaches the address of this machine unless it says otherwise. */
export function modelSettings(given: {
  readonly providers: Record<string, Record<string, unknown>>;
  readonly models?: Record<string, unknown>;
  readonly telemetry?: Record<string, unknown>;
}): string {
  const { models = {}, telemetry = {} } = given;
  const usual = { kind: 'openai-compatible', allow_private_addresses: true };
  const providers = Object.entries(given.providers).map(([name, own]) => [name, { ...usual, ...own }]);
  return stringify({
    engine: { processes: 1, small_processes: 0 },
    models: { ...models, providers: Object.fromEntries(providers) },
    telemetry,
  });
}

/** Asks through `POST /v1/chat/completions`, which calls the provider once and passes its answer on. */
export function complete(server: ConfiguredServer, model: string): Promise<Answered> {
  const messages = [{ role: 'user', content: 'Hello?' }];
  return server.ask('POST', '/v1/chat/completions', { json: { model, messages } });
}

/** The refusal's code, or that there was none. */
export function outcome({ status, json }: Answered): string {
  return status < 300 ? 'answered' : json.code;
}

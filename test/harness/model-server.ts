import {
  type ScriptedProvider,
  startScriptedProvider,
} from '../support/scripted-provider/scripted-provider.ts';
import { startTestServer, type TestServer } from './server.ts';

export interface ModelServer {
  readonly server: TestServer;
  readonly upstream: ScriptedProvider;
  close(): Promise<void>;
}

/** Metered models of round prices, so that a cost can be read off its tokens: 1 and 2 dollars a million. */
export const ROUTING = `
[prefixes]
"gpt-" = "openai"
"claude-" = "anthropic"
"ollama/" = "ollama"

[ladders.default]
rungs = [{ provider = "openai", model = "gpt-scripted" }]

[ladders.fallback]
rungs = [
  { provider = "openai", model = "scripted/failing" },
  { provider = "anthropic", model = "claude-scripted" },
]

[retries]
max_attempts = 1

[models."openai/*"]
context_window = 100000
max_output_tokens = 1000
billing = "metered"
prices_usd_per_million = { input = 1, output = 2 }
capabilities = ["chat", "embeddings", "tools", "vision", "reasoning", "json_schema"]

[models."anthropic/*"]
context_window = 100000
max_output_tokens = 1000
billing = "metered"
prices_usd_per_million = { input = 1, output = 2 }
capabilities = ["chat", "tools", "vision", "reasoning", "json_schema", "prefill"]

[models."ollama/*"]
context_window = 100000
max_output_tokens = 1000
billing = "free"
capabilities = ["chat", "embeddings", "tools", "vision", "reasoning", "json_schema"]
`;

/** A server whose three providers are the scripted one, in each of its wire formats. */
export async function startModelServer(
  options: {
    ceilings?: string;
    truth?: string;
    policy?: unknown;
    config?: string;
    routing?: string;
    /** More lines for each provider; timeouts of a second where it says none. */
    provider?: string;
  } = {},
): Promise<ModelServer> {
  const upstream = await startScriptedProvider();
  const { routing = ROUTING, ceilings = '', config = '', provider = '', ...rest } = options;
  const server = await startTestServer({
    ...rest,
    routing: `${routing}\n${ceilings}`,
    config: `${config}\n${providersConfig(upstream.url, provider)}`,
  });
  return {
    server,
    upstream,
    async close() {
      await server.close();
      await upstream.close();
    },
  };
}

export function providersConfig(url: string, more = ''): string {
  const timeouts = more.includes('headers_timeout_ms')
    ? ''
    : 'headers_timeout_ms = 1000\nidle_timeout_ms = 1000';
  const provider = (name: string, kind: string, base: string) =>
    `[models.providers.${name}]\nkind = "${kind}"\nbase_url = "${base}"\nallow_private_addresses = true\n` +
    `${timeouts}\n${more}\n`;
  return [
    provider('openai', 'openai-compatible', `${url}/v1`),
    provider('anthropic', 'anthropic', url),
    provider('ollama', 'ollama', url),
  ].join('\n');
}

/** The stand-in as a provider of the demo's server: what a real one has in lakehouse.toml, and no key. */
export function standInConfig(baseUrl: string): string {
  return [
    '[models.providers.stand-in]',
    'kind = "openai-compatible"',
    `base_url = "${baseUrl}"`,
    'allow_private_addresses = true',
    '',
  ].join('\n');
}

/** A made-up price, so that a ceiling can be seen to work; and a ceiling that a few calls reach. */
export const STAND_IN_ROUTING = `
[ladders.default]
rungs = [{ provider = "stand-in", model = "no-model" }]

[models."stand-in/*"]
context_window = 32768
max_output_tokens = 500
billing = "metered"
prices_usd_per_million = { input = 1, output = 2 }
capabilities = ["chat"]

[[ceilings]]
name = "all"
usd_per_hour = 10

[[ceilings]]
name = "each-agent"
when = { role = "agent" }
per = ["identity"]
usd_per_hour = 0.004
`;

export const CEILING_LINES = [
  '[[ceilings]]        name = "each-agent", when = { role = "agent" }, per = ["identity"]',
  '                    usd_per_hour = 0.004',
] as const;

export const REAL_PROVIDER_LINES = [
  '[models.providers.openai]',
  'kind = "openai-compatible"        # or "anthropic", "ollama"',
  'api_key_env = "OPENAI_API_KEY"',
] as const;

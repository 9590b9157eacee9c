import { afterAll, beforeAll, expect } from 'vitest';
import { catalogueText } from '../../scripts/update-models.ts';
import {
  type ReceivedRequest,
  type ScriptedProvider,
  startScriptedProvider,
} from '../support/scripted-provider/scripted-provider.ts';
import { reply, type ScriptedHold } from '../support/scripted-provider/scripted-reply.ts';
import { type ConfiguredServer, observed, startConfigured } from './configured-server.ts';
import { keyTest, keyTests } from './key-test.ts';
import { complete, modelSettings, outcome, routing } from './model-settings.ts';

/** `one` has the defaults, each other one differs from it in the key that a test is about. */
const DESCRIBED = [
  'one',
  'says-anthropic',
  'says-ollama',
  'second',
  'keyed',
  'filed',
  'public',
  'hasty-head',
  'hasty-idle',
  'hasty-total',
  'small',
];
const ENVIRONMENT = { PROVIDER_KEY: 'key-of-variable' };
const FILES = {
  'routing.toml': routing(DESCRIBED),
  'routes-elsewhere.toml': routing(DESCRIBED, 'elsewhere'),
  'provider.key': 'key-of-file\n',
  'models-elsewhere.json': catalogueText([], {
    'catalogued/known': {
      context_window: 1000,
      max_output_tokens: 100,
      billing: 'free',
      capabilities: ['chat'],
    },
  }),
};

let upstream: ScriptedProvider;
let second: ScriptedProvider;
/** With the defaults of `models`. */
let plain: ConfiguredServer;

/** Those that are described, and one whose models only a catalogue knows. */
function providers(): Record<string, Record<string, unknown>> {
  const base_url = `${upstream.url}/v1`;
  return {
    one: { base_url },
    catalogued: { base_url },
    'says-anthropic': { base_url: upstream.url, kind: 'anthropic' },
    'says-ollama': { base_url: upstream.url, kind: 'ollama' },
    second: { base_url: `${second.url}/v1` },
    keyed: { base_url, api_key_env: 'PROVIDER_KEY' },
    filed: { base_url, api_key_file: 'provider.key' },
    public: { base_url, allow_private_addresses: false },
    'hasty-head': { base_url, headers_timeout_ms: 100 },
    'hasty-idle': { base_url, idle_timeout_ms: 100 },
    'hasty-total': { base_url, total_timeout_ms: 100 },
    small: { base_url, max_response_bytes: 4096 },
  };
}

/** What `look` sees of a server whose section `models` has these keys. */
function seen<T>(models: Record<string, unknown>, look: (server: ConfiguredServer) => Promise<T>) {
  const config = modelSettings({ providers: providers(), models });
  return observed(config, look, { files: FILES, environment: ENVIRONMENT });
}

beforeAll(async () => {
  [upstream, second] = await Promise.all([startScriptedProvider(), startScriptedProvider()]);
  plain = await startConfigured(modelSettings({ providers: providers() }), {
    files: FILES,
    environment: ENVIRONMENT,
  });
});
afterAll(async () => {
  await plain?.close();
  await Promise.all([upstream.close(), second.close()]);
});

/** The requests that one chat with a provider's model makes of the two services. */
async function requestsOf(provider: string): Promise<readonly (readonly ReceivedRequest[])[]> {
  const before = [upstream.received.length, second.received.length] as const;
  expect(outcome(await complete(plain, `${provider}/m`))).toBe('answered');
  return [upstream.received.slice(before[0]), second.received.slice(before[1])];
}

keyTest('models.routing_file: where a chat without a model goes', async () => {
  const model = async (server: ConfiguredServer) => {
    const messages = [{ role: 'user', content: 'Hello?' }];
    return (await server.ask('POST', '/v1/chat', { json: { messages } })).json.model;
  };
  expect(await model(plain)).toBe('one/usual');
  expect(await seen({ routing_file: 'routes-elsewhere.toml' }, model)).toBe('one/elsewhere');
});

keyTest('models.catalogue_file: which models are known', async () => {
  const look = async (server: ConfiguredServer) => outcome(await complete(server, 'catalogued/known'));
  expect(await look(plain)).toBe('models.unknown_model');
  expect(await seen({ catalogue_file: 'models-elsewhere.json' }, look)).toBe('answered');
});

// Each call of this model is cut off after 12 tokens and costs some 0.00004 dollars.
keyTests<[Record<string, number>]>(
  [
    ['models.max_continuations: a cut-off answer is continued so often', { max_continuations: 1 }],
    ['models.max_answer_tokens: an answer of so many tokens is not continued', { max_answer_tokens: 20 }],
    ['models.max_answer_usd: an answer that costs so much is not continued', { max_answer_usd: 0.000_06 }],
  ],
  async (_title, models) => {
    const calls = async (server: ConfiguredServer) => {
      const messages = [{ role: 'user', content: 'Hello?' }];
      const asked = { model: 'one/scripted/length', messages };
      const { json } = await server.ask('POST', '/v1/chat', { json: asked });
      return [json.calls, json.finish];
    };
    expect(await calls(plain)).toEqual([4, 'length']);
    expect(await seen(models, calls)).toEqual([2, 'length']);
  },
);

keyTest('models.providers.*.kind: the protocol that the service is asked in', async () => {
  const paths = async (provider: string) => (await requestsOf(provider))[0]?.map(({ path }) => path);
  expect(await paths('says-anthropic')).toEqual(['/v1/messages']);
  expect(await paths('says-ollama')).toEqual(['/api/chat']);
});

keyTest('models.providers.*.base_url: the service that is asked', async () => {
  const counts = async (provider: string) => (await requestsOf(provider)).map(({ length }) => length);
  expect(await counts('one')).toEqual([1, 0]);
  expect(await counts('second')).toEqual([0, 1]);
});

keyTests<[string, string]>(
  [
    ['models.providers.*.api_key_env: the variable whose key the service gets', 'keyed', 'key-of-variable'],
    ['models.providers.*.api_key_file: the file whose key the service gets', 'filed', 'key-of-file'],
  ],
  async (_title, provider, key) => {
    const keys = async (asked: string) =>
      (await requestsOf(asked))[0]?.map(({ headers }) => headers.authorization ?? null);
    expect(await keys('one')).toEqual([null]);
    expect(await keys(provider)).toEqual([`Bearer ${key}`]);
  },
);

keyTest('models.providers.*.allow_private_addresses: this machine is connected to', async () => {
  expect(outcome(await complete(plain, 'one/m'))).toBe('answered');
  const before = upstream.received.length;
  expect(outcome(await complete(plain, 'public/m'))).toBe('models.unavailable');
  expect(upstream.received.length).toBe(before);
});

// The part that is held back comes once the hasty call was given up: the patient one outlasts all of that.
keyTests<[string, ScriptedHold['part']]>(
  [
    ['models.providers.*.headers_timeout_ms: the head is waited for so long', 'hasty-head', 'head'],
    ['models.providers.*.idle_timeout_ms: silence within an answer is borne so long', 'hasty-idle', 'half'],
    ['models.providers.*.total_timeout_ms: an answer may take so long in all', 'hasty-total', 'half'],
  ],
  async (_title, provider, part) => {
    const refused = Promise.withResolvers<unknown>();
    const held = reply({ held: { part, until: refused.promise } });
    upstream.script(held, held);
    const [patient, hasty] = await Promise.all([
      complete(plain, 'one/m'),
      complete(plain, `${provider}/m`).finally(() => refused.resolve(null)),
    ]);
    expect([outcome(patient), outcome(hasty)]).toEqual(['answered', 'models.timeout']);
  },
);

keyTest('models.providers.*.max_response_bytes: a larger answer is not taken', async () => {
  const long = reply({ text: 'long '.repeat(1000) });
  upstream.script(long, long);
  expect(outcome(await complete(plain, 'one/m'))).toBe('answered');
  expect(outcome(await complete(plain, 'small/m'))).toBe('models.unavailable');
});

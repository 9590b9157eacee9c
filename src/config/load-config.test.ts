import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { isLakeError } from '../base/index.ts';
import { configSchema, loadConfig, settingsOf, variableName } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'lakehouse-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function load(text: string | null, environment: Record<string, string> = {}, flags = {}) {
  const file = text === null ? null : join(folder, 'lakehouse.toml');
  if (file !== null && text !== null) writeFileSync(file, text);
  return loadConfig({ file, environment, flags });
}

function problems(text: string | null, environment: Record<string, string> = {}, flags = {}) {
  try {
    load(text, environment, flags);
  } catch (error) {
    if (isLakeError(error)) return { code: error.code, detail: error.detail, ...error.data };
    throw error;
  }
  throw new Error('the configuration was accepted');
}

test('runs on the defaults without a file', () => {
  const { config, origins } = load(null);
  expect(config.server.port).toBe(8080);
  expect(origins.get('server.port')).toBe('default');
  expect(origins.get('storage.buckets.default.path')).toBe('default');
});

test('says where each value came from: file, environment, command line', () => {
  const text = '[server]\n# comment\nport = 1\nhost = "127.0.0.2"\n[engine]\nthreads = 3\n';
  const { config, origins } = load(text, { LAKEHOUSE_SERVER_PORT: '2', HOME: '/x' }, { 'engine.threads': 4 });
  expect(config.server).toMatchObject({ port: 2, host: '127.0.0.2' });
  expect(config.engine.threads).toBe(4);
  expect(origins.get('server.port')).toBe('LAKEHOUSE_SERVER_PORT');
  expect(origins.get('server.host')).toBe('lakehouse.toml line 4');
  expect(origins.get('engine.threads')).toBe('the command line');
});

test.each([
  ['[server]\nprot = 80\n', 2, 'server.prot', 'port'],
  ['[sever]\nport = 80\n', 1, 'sever', 'server'],
  ['\n\n[server]\nport = "80"\n', 4, 'server.port', null],
  ['server.port = 70000\n', 1, 'server.port', null],
  ['server = { host = "127.0.0.1",  # c\n  port = 1.5 }\n', 2, 'server.port', null],
  ['[log]\nlevel = "wran"\n', 2, 'log.level', 'warn'],
  ['[storage]\ndefault_bucket = "defualt"\n', 2, 'storage.default_bucket', 'default'],
  ['[storage.buckets.Bad_Name]\npath = "x"\n', 1, 'storage.buckets.Bad_Name', null],
  ['[storage.buckets.default]\npath = "a"\npth = "b"\n', 3, 'storage.buckets.default.pth', 'path'],
  ['[server]\nport = \n', 2, '', null],
  ['[server]\nport = 1\nport = 2\n', 3, '', null],
  ['[server]\nallowed_hosts = [\n "a",\n 5,\n]\n', 4, 'server.allowed_hosts[1]', null],
  [
    '[server]\nallowed_origins = [\n "https://a.example",\n "nonsense"]\n',
    4,
    'server.allowed_origins.1',
    null,
  ],
  ['[auth]\nenabled = false\n[server]\nhost = "0.0.0.0"\n', 2, 'auth.enabled', null],
  ['[engine]\ntimeout_ms = 10\nmax_timeout_ms = 5\n', 2, 'engine.timeout_ms', null],
  ['[query]\ndefault_limit = 10\nmax_limit = 5\n', 2, 'query.default_limit', null],
  ['[engine]\nmemory_limit_mb = 512\nprocess_memory_mb = 256\n', 2, 'engine.memory_limit_mb', null],
  [
    '[models.providers.openai]\nkind = "openai-compatibel"\n',
    2,
    'models.providers.openai.kind',
    'openai-compatible',
  ],
  ['[models.providers.a]\nbase_url = "x"\n', 1, 'models.providers.a.kind', null],
  ['[models.providers."a/b"]\nkind = "ollama"\n', 1, 'models.providers.a/b', null],
  [
    '[models.providers.a]\nkind = "ollama"\nbase_url = "file:///etc/passwd"\n',
    3,
    'models.providers.a.base_url',
    null,
  ],
  [
    '[models.providers.a]\nkind = "ollama"\nbase_url = "https://user:word@a.example"\n',
    3,
    'models.providers.a.base_url',
    null,
  ],
  [
    '[models.providers.a]\nkind = "anthropic"\napi_key_env = "A"\napi_key_file = "b"\n',
    4,
    'models.providers.a.api_key_file',
    null,
  ],
  ['__proto__ = 1\n', 1, '__proto__', null],
  ['[server.constructor]\nx = 1\n', 1, 'server.constructor', null],
])('refuses %j with the line, the key and a suggestion', (text, line, key, suggestion) => {
  const refusal = problems(text);
  expect(refusal).toMatchObject({ code: 'config.invalid', problems: [{ line, key, suggestion }] });
  expect(refusal.detail).toContain(`lakehouse.toml, line ${line}`);
  expect(refusal.detail).not.toContain(folder);
});

test('tells every mistake at once', () => {
  const { detail } = problems('[server]\nport = "x"\nhots = "y"\n', { LAKEHOUSE_ENGINE_THREADS: 'many' });
  expect(detail.split('\n')).toHaveLength(3);
  expect(detail).toContain('Did you mean "host"?');
  expect(detail).toContain('environment variable LAKEHOUSE_ENGINE_THREADS');
});

test.each([
  [{ LAKEHOUSE_SERVER_PROT: '1' }, 'LAKEHOUSE_SERVER_PROT', 'LAKEHOUSE_SERVER_PORT'],
  [{ LAKEHOUSE_: '1' }, 'LAKEHOUSE_', null],
  [{ LAKEHOUSE_API_KEYS: '1' }, 'LAKEHOUSE_API_KEYS', 'LAKEHOUSE_API_KEY'],
])('refuses an unknown variable %j', (environment, key, suggestion) => {
  expect(problems(null, environment)).toMatchObject({ problems: [{ line: null, key, suggestion }] });
});

test('leaves the variables of the command line and the tests alone', () => {
  const environment = {
    LAKEHOUSE_API_KEY: 'k',
    LAKEHOUSE_HOME: 'h',
    LAKEHOUSE_SEED: '1',
    LAKEHOUSE_URL: 'u',
  };
  expect(load(null, environment).config).toEqual(load(null).config);
});

test('refuses a setting of the wrong type from the environment and names the variable, not a line', () => {
  const refusal = problems('[auth]\nenabled = true\n', { LAKEHOUSE_AUTH_ENABLED: 'yes' });
  expect(refusal.detail).toMatch(/^environment variable LAKEHOUSE_AUTH_ENABLED: Must be true or false/);
});

test('adds a bucket and a list by variable', () => {
  const { config, origins } = load(null, {
    LAKEHOUSE_STORAGE_BUCKETS__COLD_DATA__PATH: 'cold',
    LAKEHOUSE_STORAGE_DEFAULT_BUCKET: 'cold-data',
    LAKEHOUSE_SERVER_ALLOWED_HOSTS: 'a.example, b.example',
  });
  expect(config.storage.buckets).toEqual({ 'cold-data': { path: 'cold' } });
  expect(config.server.allowed_hosts).toEqual(['a.example', 'b.example']);
  expect(origins.get('storage.buckets.cold-data.path')).toBe('LAKEHOUSE_STORAGE_BUCKETS__COLD_DATA__PATH');
});

test('adds a model provider by variable, and says where each of its keys came from', () => {
  const { config, origins } = load('[models.providers.local]\nkind = "ollama"\n', {
    LAKEHOUSE_MODELS_PROVIDERS__ACME_AI__KIND: 'openai-compatible',
    LAKEHOUSE_MODELS_PROVIDERS__ACME_AI__IDLE_TIMEOUT_MS: '500',
  });
  expect(config.models.providers['acme-ai']).toMatchObject({
    kind: 'openai-compatible',
    idle_timeout_ms: 500,
  });
  expect(origins.get('models.providers.local.kind')).toBe('lakehouse.toml line 2');
  expect(origins.get('models.providers.local.base_url')).toBe('default');
  expect(origins.get('models.providers.acme-ai.kind')).toBe('LAKEHOUSE_MODELS_PROVIDERS__ACME_AI__KIND');
});

test('a key written where its variable belongs is refused and not repeated', () => {
  const { detail } = problems('[models.providers.a]\nkind = "anthropic"\napi_key_env = "sk-secret-1"\n');
  expect(detail).toContain('Must be the name of a variable, not the key itself');
  expect(detail).not.toContain('sk-secret-1');
});

test.each([
  ['cold', 'buckets'],
  ['buckets/default', 'other/../buckets/default/inner'],
  ['./a', 'a/b'],
])('judges buckets whose folders are %j and %j', (first, second) => {
  const text = `[storage.buckets.default]\npath = "${first}"\n[storage.buckets.other]\npath = "${second}"\n`;
  if (first === 'cold') expect(Object.keys(load(text).config.storage.buckets)).toEqual(['default', 'other']);
  else expect(problems(text)).toMatchObject({ problems: [{ line: 4, key: 'storage.buckets.other.path' }] });
});

test('refuses authentication switched off by file when the command line opens the address', () => {
  const text = '[auth]\nenabled = false\n';
  expect(load(text).config.auth.enabled).toBe(false);
  expect(problems(text, {}, { 'server.host': '0.0.0.0' })).toMatchObject({
    problems: [{ key: 'auth.enabled' }],
  });
});

test('refuses a file that cannot be read, a file too large and one nested too deep', () => {
  expect(() => loadConfig({ file: join(folder, 'none.toml'), environment: {} })).toThrowError(
    /cannot be read/,
  );
  expect(problems(`# ${'x'.repeat(2_000_000)}`).detail).toContain('larger than');
  expect(problems(`a = ${'['.repeat(5000)}${']'.repeat(5000)}`).code).toBe('config.invalid');
});

test('every key has a description and a variable of its own', () => {
  const settings = settingsOf(configSchema);
  for (const setting of settings) expect(setting.description, setting.path.join('.')).not.toBe('');
  expect(new Set(settings.map(variableName)).size).toBe(settings.length);
});

test('any text is accepted or refused as config.invalid, never anything else', () => {
  const line = fc.oneof(
    fc.constantFrom(
      '[server]',
      '[[server]]',
      'port = 1',
      'host = "a"',
      '[storage.buckets.x]',
      "path = '''a''''",
    ),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
      try {
        load(lines.join('\n'));
      } catch (error) {
        expect(isLakeError(error) && error.code).toBe('config.invalid');
      }
    }),
  );
});

test.each([
  ['[server]\nport = "80"', {}, 'line 2: server.port: Must be a whole number, such as 8080; this is text.'],
  [
    '[server]\nport = 1.5',
    {},
    'server.port: Must be a whole number, such as 8080; this is a number with a fraction.',
  ],
  ['[server]\nport = 70000', {}, 'server.port: Must be at most 65535.'],
  [
    '[server]\nhost = 5',
    {},
    'server.host: Must be text in quotes, such as "127.0.0.1"; this is a whole number.',
  ],
  [
    '[server]\nhost = 2026-01-01',
    {},
    'server.host: Must be text in quotes, such as "127.0.0.1"; this is a date.',
  ],
  [
    '[server]\nallowed_hosts = "a"',
    {},
    'Must be a list, such as ["localhost", "127.0.0.1", "[::1]"]; this is text.',
  ],
  ['[auth]\nenabled = "yes"', {}, 'auth.enabled: Must be true or false, such as true; this is text.'],
  ['server = 5', {}, 'line 1: server: Must be a table, such as [server]; this is a whole number.'],
  ['[storage.buckets]\na1 = "x"', {}, 'a1: Must be a table, such as [storage.buckets.a1]; this is text.'],
  ['[storage.buckets.cold]', {}, 'cold.path: Is missing; it must be text in quotes, such as "text".'],
  ['[auth]\nenvironment = "LIVE"', {}, 'auth.environment: Must have the form /^[a-z]{2,8}$/.'],
  ['[telemetry]\nservice_name = ""', {}, 'telemetry.service_name: Must have at least 1 character.'],
  [
    '[telemetry]\notlp_traces_url = "x"',
    {},
    'otlp_traces_url: Must be an address, such as https://host.example/path.',
  ],
  [
    '',
    { LAKEHOUSE_SERVER_PORT: '' },
    'variable LAKEHOUSE_SERVER_PORT: Must be a whole number, such as 8080; this is empty text.',
  ],
  [
    '',
    { LAKEHOUSE_AUTH_ENABLED: '1' },
    'LAKEHOUSE_AUTH_ENABLED: Must be true or false, such as true; this is text.',
  ],
])('says of %j %j what is wanted, an example and what is there', (text, environment, words) => {
  expect(problems(text, environment).detail).toContain(words);
});

test('never says a value that has the wrong type: it may be a secret in the wrong place', () => {
  for (const text of ['[server]\nport = "canary"', '[telemetry]\notlp_traces_url = "canary"']) {
    expect(JSON.stringify(problems(text))).not.toContain('canary');
  }
});

test.each([
  'LAKEHOUSE_SERVER_HOST',
  'LAKEHOUSE_STORAGE_BUCKETS__DEFAULT__PATH',
  'LAKEHOUSE_JOURNAL_HEADS_FILE',
  'LAKEHOUSE_TRUTH_RULES_FILE',
  'LAKEHOUSE_TOOLS_FOLDER',
  'LAKEHOUSE_SCRUM_PROMPTS_FOLDER',
  'LAKEHOUSE_ACCESS_POLICY_FILE',
  'LAKEHOUSE_MODELS_ROUTING_FILE',
  'LAKEHOUSE_OBSERVER_ESCALATIONS_FILE',
])('refuses an empty %s, which would mean every address or the home itself', (variable) => {
  expect(problems(null, { [variable]: '' }).detail).toContain(
    `environment variable ${variable}: May not be empty.`,
  );
});

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { isLakeError, systemClock } from '../../base/index.ts';
import { configSchema } from '../../config/index.ts';
import { configuredProviders } from './configured-providers.ts';

const home = mkdtempSync(join(tmpdir(), 'lakehouse-providers-'));
afterAll(() => rmSync(home, { recursive: true }));

const SECRET = 'sk-canary-of-a-key';

/** Makes the provider `one`; the refusal's detail where there is one. */
async function made(settings: Record<string, string>, environment = {}): Promise<string> {
  const models = { providers: { one: { kind: 'anthropic', ...settings } } };
  const { models: config } = configSchema.parse({ models });
  try {
    const providers = configuredProviders({ home, config, environment, clock: systemClock });
    for (const provider of providers.values()) await provider.close();
    return 'made';
  } catch (error) {
    if (!isLakeError(error) || error.code !== 'models.provider_misconfigured') throw error;
    expect(JSON.stringify([error.detail, error.data ?? null])).not.toContain(SECRET);
    return error.detail;
  }
}

test.each([
  ['0600', 'made'],
  ['0400', 'made'],
  ['0700', 'made'],
  ['0640', 'file of mode 0640, which others can use. Run chmod 600'],
  ['0604', 'file of mode 0604, which others can use. Run chmod 600'],
  ['0644', 'file of mode 0644, which others can use. Run chmod 600'],
  ['0620', 'file of mode 0620, which others can use. Run chmod 600'],
])('a key file of mode %s: %s', async (mode, expected) => {
  const file = join(home, 'provider.key');
  writeFileSync(file, `${SECRET}\n`);
  chmodSync(file, Number.parseInt(mode, 8));
  const detail = await made({ api_key_file: 'provider.key' });
  rmSync(file);
  expect(detail).toContain(expected);
});

test.each<[string, Record<string, string>, Record<string, string>, string]>([
  ['no key at all', {}, {}, 'made'],
  ['a variable that is there', { api_key_env: 'A_KEY' }, { A_KEY: SECRET }, 'made'],
  [
    'a variable that is missing',
    { api_key_env: 'A_KEY' },
    {},
    'the environment variable A_KEY, which is not',
  ],
  [
    'an empty variable',
    { api_key_env: 'A_KEY' },
    { A_KEY: ' ' },
    'the environment variable A_KEY, which is not',
  ],
  [
    'a file that is missing',
    { api_key_file: 'nowhere.key' },
    {},
    'the file of api_key_file, which is not there',
  ],
  ['a folder in place of a file', { api_key_file: '.' }, {}, 'the file of api_key_file, which is not there'],
])('%s', async (_what, settings, environment, expected) => {
  expect(await made(settings, environment)).toContain(expected);
});

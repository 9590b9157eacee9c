import { createServer, type LookupFunction } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { failureOf } from '../../../../test/support/provider-calls.ts';
import {
  type ScriptedProvider,
  startScriptedProvider,
} from '../../../../test/support/scripted-provider/scripted-provider.ts';
import { createTransport, type Transport, type TransportSettings } from './http-transport.ts';

let scripted: ScriptedProvider;
const opened: Transport[] = [];

beforeAll(async () => {
  scripted = await startScriptedProvider();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((transport) => transport.close()));
});
afterAll(() => scripted.close());

const SETTINGS: Omit<TransportSettings, 'baseUrl'> = {
  name: 'own',
  headers: { authorization: 'Bearer canary-key' },
  allowPrivateAddresses: false,
  timeouts: { headersMs: 10_000, idleMs: 10_000, totalMs: 20_000 },
  maxResponseBytes: 1_000_000,
};

function transportTo(
  baseUrl: string,
  changes: Partial<TransportSettings> = {},
  lookup?: LookupFunction,
): Transport {
  const transport = createTransport({ ...SETTINGS, baseUrl, ...changes }, lookup);
  opened.push(transport);
  return transport;
}

function get(transport: Transport, path = '/v1/models') {
  const signal = new AbortController().signal;
  return transport.send({ method: 'GET', path, body: null, signal });
}

/** Resolves every name to the addresses of the next round; the last round stays. */
function lookupOf(...rounds: readonly (readonly string[])[]): LookupFunction {
  const left = [...rounds];
  return (_hostname, _options, callback) => {
    const addresses = (left.length > 1 ? left.shift() : left[0]) ?? [];
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
}

describe('the address of a provider (K-10)', () => {
  const port = () => new URL(scripted.url).port;
  /** A port of this machine that counts who connects to it. */
  const watched = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  let connections = 0;
  let watchedPort = 0;

  beforeAll(async () => {
    await new Promise<void>((resolve) => watched.listen(0, '127.0.0.1', resolve));
    const address = watched.address();
    watchedPort = typeof address === 'object' && address !== null ? address.port : 0;
  });
  afterAll(() => new Promise((resolve) => watched.close(resolve)));

  it.each([
    '127.0.0.1',
    'localhost',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '10.0.0.1',
  ])('http://%s is refused in words that name the setting', async (host) => {
    const failure = await failureOf(get(transportTo(`http://${host}:${watchedPort}`)));
    expect(failure.class).toBe('unreachable');
    expect(failure.message).toContain('`allow_private_addresses`');
    expect(failure.message).toContain('`own`');
    expect(failure.message).not.toContain('canary');
    expect(connections).toBe(0);
  });

  it.each([
    '169.254.169.254',
    '2852039166',
    '0xa9fea9fe',
    '[::ffff:169.254.169.254]',
    '[fe80::1]',
    '[fd00:ec2::254]',
    '100.100.100.200',
    '0.0.0.0',
    '224.0.0.1',
    '[::]',
    '[64:ff9b::7f00:1]',
  ])('http://%s is refused also where private addresses are allowed', async (host) => {
    const failure = await failureOf(get(transportTo(`http://${host}/`, { allowPrivateAddresses: true })));
    expect(failure.class).toBe('unreachable');
    expect(failure.message).toContain('never connected to');
  });

  it('is connected to where private addresses are allowed, by name or by number', async () => {
    for (const host of ['127.0.0.1', '2130706433', '[::ffff:127.0.0.1]']) {
      const transport = transportTo(`http://${host}:${port()}`, { allowPrivateAddresses: true });
      expect((await get(transport)).status, host).toBe(200);
    }
    const lookup = lookupOf(['127.0.0.1']);
    const named = transportTo(`http://models.example:${port()}`, { allowPrivateAddresses: true }, lookup);
    expect((await get(named)).status).toBe(200);
  });

  it('is refused where any of the addresses of its name may not be connected to', async () => {
    const lookup = lookupOf(['93.184.216.34', '127.0.0.1']);
    const failure = await failureOf(get(transportTo(`http://models.example:${watchedPort}`, {}, lookup)));
    expect(failure).toMatchObject({ class: 'unreachable' });
    expect(failure.message).toContain('allow_private_addresses');
    expect(connections).toBe(0);
  });

  it('is checked at every connection: a name that changes its address is refused (rebinding)', async () => {
    const lookup = lookupOf(['127.0.0.1'], ['169.254.169.254']);
    const transport = transportTo(
      `http://models.example:${port()}`,
      { allowPrivateAddresses: true, maxResponseBytes: 1 },
      lookup,
    );
    // An answer that is too large takes its connection with it, so that the next call connects anew.
    await failureOf((await get(transport)).bytes());
    const failure = await failureOf(get(transport));
    expect(failure.message).toContain('never connected to');
  });

  it('is refused where the name has none', async () => {
    const failure = await failureOf(get(transportTo('http://models.example', {}, lookupOf([]))));
    expect(failure.class).toBe('unreachable');
  });

  it('is not changed by a redirect', async () => {
    const transport = transportTo(`${scripted.url}/v1`, { allowPrivateAddresses: true });
    const signal = new AbortController().signal;
    const body = '{"model":"scripted/redirect"}';
    const answer = await transport.send({ method: 'POST', path: '/chat/completions', body, signal });
    expect(answer.status).toBe(302);
    answer.destroy();
    expect(scripted.received.some(({ path }) => path === '/elsewhere')).toBe(false);
  });

  it('is not changed by a proxy of the environment', async () => {
    const names = ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'NODE_USE_ENV_PROXY'];
    const before = names.map((name) => process.env[name]);
    for (const name of names) process.env[name] = name === 'NODE_USE_ENV_PROXY' ? '1' : 'http://127.0.0.1:9';
    try {
      const transport = transportTo(scripted.url, { allowPrivateAddresses: true });
      expect((await get(transport)).status).toBe(200);
    } finally {
      for (const [at, name] of names.entries()) {
        if (before[at] === undefined) delete process.env[name];
        else process.env[name] = before[at];
      }
    }
  });
});

describe('the settings of a provider', () => {
  it.each([
    'ftp://models.example',
    'file:///etc/passwd',
    'models.example/v1',
    '',
    'http://user:canary@models.example',
    'http://canary@models.example',
    'http://:canary@models.example',
    'https://models.example/v1?key=canary',
    'https://models.example/#canary',
  ])('%j is no base URL', (baseUrl) => {
    const make = () => createTransport({ ...SETTINGS, baseUrl });
    expect(make).toThrow(expect.objectContaining({ code: 'models.provider_misconfigured' }));
    expect(make).not.toThrow(/canary/);
  });

  it('a key that HTTP does not carry is refused without being shown', () => {
    const headers = { authorization: 'Bearer canary\r\nx-injected: 1' };
    try {
      createTransport({ ...SETTINGS, baseUrl: 'https://models.example', headers });
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'models.provider_misconfigured' });
      expect(inspect(error, { depth: 8 })).not.toContain('canary');
    }
  });

  it('a base URL keeps its path, with or without a slash at its end', async () => {
    for (const base of ['/v1', '/v1/']) {
      const transport = transportTo(scripted.url + base, { allowPrivateAddresses: true });
      expect((await get(transport, '/models')).status).toBe(200);
      expect(scripted.received.at(-1)?.path).toBe('/v1/models');
    }
  });
});

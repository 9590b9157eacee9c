import { connect } from 'node:net';
import { expect } from 'vitest';
import { type ConfiguredServer, observed } from './configured-server.ts';
import { keyTest } from './key-test.ts';

keyTest('auth.enabled: without it nobody needs a key', async () => {
  const statusWithoutKey = async (server: ConfiguredServer) =>
    (await server.ask('GET', '/access/me', { headers: { 'x-api-key': '' } })).status;
  expect(await observed('', statusWithoutKey)).toBe(401);
  expect(await observed('[auth]\nenabled = false\n', statusWithoutKey)).toBe(200);
});

keyTest('server.host: the address listened on', async () => {
  const addressesOpen = async (server: ConfiguredServer) => {
    const open = (host: string) =>
      new Promise<boolean>((resolve) => {
        const socket = connect(server.port, host);
        socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
        socket.on('connect', () => socket.destroy());
      });
    return [await open('127.0.0.1'), await open('127.0.0.2')];
  };
  expect(await observed('', addressesOpen)).toEqual([true, false]);
  expect(await observed('[server]\nhost = "127.0.0.2"\n', addressesOpen)).toEqual([false, true]);
});

keyTest('server.rate_limit_per_minute: requests of one key beyond it are refused', async () => {
  const threeRequests = async (server: ConfiguredServer) => {
    const statuses = [];
    for (let at = 0; at < 3; at += 1) statuses.push((await server.ask('GET', '/access/me')).status);
    return statuses;
  };
  expect(await observed('', threeRequests)).toEqual([200, 200, 200]);
  expect(await observed('[server]\nrate_limit_per_minute = 2\n', threeRequests)).toEqual([200, 200, 429]);
});

import { afterEach, expect, vi } from 'vitest';
import { type ConfiguredServer, observed } from './configured-server.ts';
import { keyTest } from './key-test.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Starts the server again three days later by the machine's clock. */
function threeDaysLater(server: ConfiguredServer): Promise<void> {
  return server.restart(() => {
    const now = Date.now;
    vi.spyOn(Date, 'now').mockImplementation(() => now() + 3 * 86_400_000);
  });
}

async function actions(server: ConfiguredServer): Promise<readonly string[]> {
  const { json } = await server.ask('GET', '/journal/events?limit=1000');
  return json.events.map((event: { action: string }) => event.action);
}

keyTest('journal.retention_days: older events are gone at the next start', async () => {
  const keepsItsMaking = async (server: ConfiguredServer) => {
    expect(await actions(server)).toContain('key.created');
    await threeDaysLater(server);
    const kept = await actions(server);
    expect((await server.ask('POST', '/journal/verify', { json: {} })).json.valid).toBe(true);
    vi.restoreAllMocks();
    return [kept.includes('key.created'), kept.includes('journal.pruned')];
  };
  expect(await observed('', keepsItsMaking)).toEqual([true, false]);
  expect(await observed('[journal]\nretention_days = 2\n', keepsItsMaking)).toEqual([false, true]);
});

keyTest('observer.retention_days: older events are gone after the next start', async () => {
  const isKept = async (server: ConfiguredServer) =>
    (await server.ask('GET', '/events?source=old')).json.events.length === 1;
  const begin = async (server: ConfiguredServer) => {
    const json = { source: 'old', kind: 'sent', severity: 'info' };
    expect((await server.ask('POST', '/event', { json })).status).toBe(201);
    expect(await isKept(server)).toBe(true);
  };
  await observed('', async (byDefault) => {
    await observed('[observer]\nretention_days = 2\n', async (shorter) => {
      for (const server of [byDefault, shorter]) await begin(server);
      await threeDaysLater(shorter);
      await byDefault.restart(() => undefined);
      await expect.poll(() => isKept(shorter)).toBe(false);
      expect(await isKept(byDefault)).toBe(true);
      expect(await actions(shorter)).toContain('events.pruned');
      expect(await actions(byDefault)).not.toContain('events.pruned');
    });
  });
});

keyTest('audit.retention_days: older audit rows are gone after the next start', async () => {
  const isKept = async (server: ConfiguredServer) => {
    const { json } = await server.ask('GET', '/access/audit?limit=1000');
    return json.rows.some((row: { request_id: string }) => row.request_id === 'three-days-ago');
  };
  /** Both servers start into the same day; the default’s row is looked for once the other’s is gone. */
  const begin = async (server: ConfiguredServer) => {
    await server.ask('GET', '/buckets', { headers: { 'x-request-id': 'three-days-ago' } });
    expect(await isKept(server)).toBe(true);
  };
  await observed('', async (byDefault) => {
    await observed('[audit]\nretention_days = 2\n', async (shorter) => {
      for (const server of [byDefault, shorter]) await begin(server);
      await threeDaysLater(shorter);
      await byDefault.restart(() => undefined);
      await expect.poll(() => isKept(shorter)).toBe(false);
      expect(await isKept(byDefault)).toBe(true);
      expect(await actions(shorter)).toContain('audit.pruned');
      expect(await actions(byDefault)).not.toContain('audit.pruned');
    });
  });
});

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, vi } from 'vitest';
import { type ConfiguredServer, observed } from './configured-server.ts';
import { keyTest } from './key-test.ts';
import { modelSettings, routing } from './model-settings.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

// The address is never called: an iteration that starts asks the routing table alone.
const settings = (scrum: string) =>
  `${modelSettings({ providers: { one: { base_url: 'http://127.0.0.1:9' } } })}\n[scrum]\n${scrum}\n`;
const FILES = { 'routing.toml': routing(['one']) };

async function start(server: ConfiguredServer, more: Record<string, unknown> = {}) {
  const hash = 'a'.repeat(64);
  const files = [{ path: 'a.ts', content_sha256: hash, packed_sha256: hash }];
  const json = { repository: 'team/project', commit: hash, ladder: 'default', files, ...more };
  const answer = await server.ask('POST', '/scrum/iterations', { json });
  expect(answer.status).toBe(201);
}

async function iterations(server: ConfiguredServer) {
  return (await server.ask('GET', '/scrum/iterations')).json.iterations;
}

keyTest('scrum.prompts_folder: an iteration is read under the prompt of the folder', async () => {
  const shipped = fileURLToPath(new URL('../../config/prompts/scrum-soft.md', import.meta.url));
  const text = (await readFile(shipped, 'utf8')).replace(/version \d+/, 'version 99');
  const given = { files: { ...FILES, 'scrum-soft.md': text } };
  const hash = async (server: ConfiguredServer) => {
    await start(server);
    return (await iterations(server))[0].prompt_hash;
  };
  const usual = await observed(settings(''), hash, given);
  const own = await observed(settings('prompts_folder = "."'), hash, given);
  expect(own).not.toBe(usual);
});

keyTest('scrum.retention_days: abandoned iterations are forgotten after the next start', async () => {
  const left = (server: ConfiguredServer) => iterations(server).then(({ length }) => length);
  const threeDaysLater = async (server: ConfiguredServer) => {
    await start(server);
    await start(server, { fresh: true });
    expect(await left(server)).toBe(2);
    await server.restart(() => {
      const now = Date.now;
      vi.spyOn(Date, 'now').mockImplementation(() => now() + 3 * 86_400_000);
    });
  };
  await observed(
    settings('retention_days = 2'),
    async (server) => {
      await threeDaysLater(server);
      await expect.poll(() => left(server)).toBe(1);
    },
    { files: FILES },
  );
  vi.restoreAllMocks();
  await observed(
    settings(''),
    async (server) => {
      await threeDaysLater(server);
      expect(await left(server)).toBe(2);
    },
    { files: FILES },
  );
});

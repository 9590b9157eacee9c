import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { backup, initHome } from '../../src/main.ts';

const INSIDE = `
[models.providers.inside]
kind = "anthropic"
api_key_file = "provider.key"
`;

let folder = '';
let home = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lakehouse-notes-'));
  home = join(folder, 'home');
  await initHome({ home });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a backup notes what the configuration keeps outside the home', async () => {
  const notesOf = async (config: string, name: string) => {
    await writeFile(join(home, 'lakehouse.toml'), config);
    const to = join(folder, name);
    return (await backup({ home, environment: {}, to, onProgress: () => undefined })).notes;
  };
  expect(await notesOf(INSIDE, 'all-inside')).toEqual([]);
  const outside = `${INSIDE}
[models.providers.outside]
kind = "anthropic"
api_key_file = "../provider.key"
[models]
routing_file = "../routing.toml"
catalogue_file = "/etc/lakehouse/models.json"
[truth]
rules_file = "../truth.toml"
[access]
policy_file = "../access.toml"
[tools]
folder = "../tools"
[observer]
escalations_file = "../observer.toml"
[journal]
heads_file = "../heads.ndjson"
[storage.buckets.default]
path = "../bucket"
`;
  expect(await notesOf(outside, 'some-outside')).toEqual(
    [
      'The bucket "default" lies',
      'The journal’s heads file lies',
      'The truth rules lie',
      'The policy file lies',
      'The routing file lies',
      'The folder of tools lies',
      'The escalations lie',
      'The model catalogue lies',
      'The key file of the provider "outside" lies',
    ].map((what) => `${what} outside the home and is not part of the backup.`),
  );
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { configSchema } from '../../../config/index.ts';
import { catalogueHash } from '../catalogue/catalogue-file.ts';
import { openRouting } from './open-routing.ts';

const home = mkdtempSync(join(tmpdir(), 'lakehouse-open-routing-'));
afterAll(() => rmSync(home, { recursive: true }));

const open = (keys: { routing_file?: string; catalogue_file?: string }) =>
  openRouting({ ...configSchema.parse({}).models, ...keys }, (path) => join(home, path));

test('models.routing_file: the table read, and the shipped one only where the usual file is missing', () => {
  expect(open({})).toMatchObject({ shipped: true });
  expect([...open({}).routing.ladders.keys()]).toContain('scrum');
  expect(() => open({ routing_file: 'other.toml' })).toThrow(/other\.toml cannot be read/);
  writeFileSync(join(home, 'other.toml'), '[ladders.mine]');
  expect([...open({ routing_file: 'other.toml' }).routing.ladders.keys()]).toEqual(['mine']);
  writeFileSync(join(home, 'routing.toml'), '[ladders.own]');
  expect(open({}).shipped).toBe(false);
  expect([...open({}).routing.ladders.keys()]).toEqual(['own']);
});

test('models.catalogue_file: the catalogue read, the shipped one where it is empty', () => {
  expect(open({}).catalogue.modelsOf('openai')).toContain('gpt-4o');
  const content = {
    sources: [],
    models: {
      'openai/gpt-1': {
        context_window: 1,
        max_output_tokens: 1,
        billing: 'free' as const,
        capabilities: ['chat' as const],
      },
    },
  };
  writeFileSync(join(home, 'models.json'), JSON.stringify({ ...content, sha256: catalogueHash(content) }));
  expect(open({ catalogue_file: 'models.json' }).catalogue.modelsOf('openai')).toEqual(['gpt-1']);
  expect(() => open({ catalogue_file: 'absent.json' })).toThrow(/absent\.json cannot be read/);
});

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { configSchema, settingsOf } from '../src/config/index.ts';

/** Keys whose effect a test of their room observes: the file, and words of that test's title. */
const OBSERVED_IN_ROOMS: Readonly<Record<string, { readonly file: string; readonly title: string }>> = {
  'auth.enabled': {
    file: 'config-behaviour/pace.test.ts',
    title: 'server.trusted_proxies: the forwarded address',
  },
  'server.host': { file: 'config-behaviour/pace.test.ts', title: 'server.port: the port listened on' },
  'server.rate_limit_per_minute': {
    file: 'config-behaviour/pace.test.ts',
    title: 'server.trusted_proxies: the forwarded address',
  },
  'engine.process_memory_mb': {
    file: '../src/lake/engine/pool.test.ts',
    title: 'fails only the query that outgrows its memory',
  },
  'engine.queue_length': {
    file: '../src/lake/engine/pool.test.ts',
    title: 'answers busy when the queue is full, and queue_timeout to who waits too long',
  },
  'engine.queue_timeout_ms': {
    file: '../src/lake/engine/pool.test.ts',
    title: 'answers busy when the queue is full, and queue_timeout to who waits too long',
  },
  'journal.retention_days': {
    file: '../src/lake/journald/retention.test.ts',
    title: 'removes what is older, up to a signed checkpoint, and the rest verifies',
  },
  'audit.retention_days': {
    file: '../src/govern/access/audit.room.test.ts',
    title: 'is kept for the days configured, and no longer',
  },
  'models.routing_file': {
    file: '../src/ai/aibridge/routing/open-routing.test.ts',
    title: 'models.routing_file: the table read',
  },
  'models.catalogue_file': {
    file: '../src/ai/aibridge/routing/open-routing.test.ts',
    title: 'models.catalogue_file: the catalogue read',
  },
  'metastore.commit_timeout_ms': {
    file: '../src/metastore/sqlite-metastore.faults.test.ts',
    title: 'says the outcome is unknown, refuses what follows, and recovers',
  },
};

const read = (file: string) => readFileSync(new URL(file, import.meta.url), 'utf8');

test('changing any configuration key changes what some test observes', () => {
  const titles = readdirSync(new URL('config-behaviour/', import.meta.url))
    .filter((name) => name.endsWith('.test.ts'))
    .flatMap((name) => [...read(`config-behaviour/${name}`).matchAll(/['[]([a-z]+\.[a-z_.*]+): /g)])
    .map(([, key]) => key);
  const keys = settingsOf(configSchema).map(({ path }) => path.join('.'));
  const observed = new Set([...titles, ...Object.keys(OBSERVED_IN_ROOMS)]);
  expect(keys.filter((key) => !observed.has(key))).toEqual([]);
  expect([...observed].filter((key) => key !== undefined && !keys.includes(key))).toEqual([]);
});

test('every observation named here exists and speaks of its key', () => {
  const missing = Object.entries(OBSERVED_IN_ROOMS).filter(([key, { file, title }]) => {
    const text = read(file);
    return !text.includes(`'${title}`) && !text.includes(`\`${title}`) && key !== '';
  });
  expect(missing).toEqual([]);
});

import { expect } from 'vitest';
import type { ApiAnswer } from '../harness/server.ts';
import type { ChildServer } from './child-server.ts';

/** One change that a writer asks for, again and again until it is acknowledged, under one Idempotency-Key. */
export interface Change {
  readonly kind: 'object' | 'ingest' | 'key';
  readonly name: string;
  /** The dataset of an ingest. */
  readonly dataset: string;
  readonly content: string;
  /** The event that its acknowledgement named; null before. */
  eventId: string | null;
}

const ROWS = 5;

export function makeChange(kind: Change['kind'], name: string, dataset: string): Change {
  const content = kind === 'ingest' ? csvOf(name) : `${name}:`.repeat(4_000);
  return { kind, name, dataset, content, eventId: null };
}

function csvOf(name: string): string {
  return `id,part\n${Array.from({ length: ROWS }, (_, part) => `${name},${part}\n`).join('')}`;
}

/** Asks for the change; resolves true once it is acknowledged. A connection that breaks is no answer. */
export async function ask(server: ChildServer, change: Change): Promise<boolean> {
  const answer = await send(server, change).catch(() => null);
  if (answer === null) return false;
  // Busy or cut off by the kill: nothing was promised. Anything else would be a wrong refusal.
  if ([409, 429, 503].includes(answer.status)) return false;
  expect([200, 201], answer.text).toContain(answer.status);
  change.eventId = answer.json.journal_event_id;
  return true;
}

/** Sends the request of a change, whatever its answer. */
export function send(server: ChildServer, change: Change): Promise<ApiAnswer> {
  const headers = { 'idempotency-key': `${change.kind}-${change.name}` };
  if (change.kind === 'object') {
    return server.api('PUT', objectPath(change), { body: change.content, headers });
  }
  if (change.kind === 'key') {
    return server.api('POST', '/access/keys', { json: { name: change.name, role: 'agent' }, headers });
  }
  return server.api('POST', `/ingest/file?dataset=${change.dataset}&mode=append&file_name=a.csv`, {
    body: change.content,
    headers: { ...headers, 'content-type': 'text/csv' },
  });
}

const objectPath = (change: Change) => `/buckets/default/objects/${change.name}`;

/** How often each change is there: 0 or 1, where nothing is lost, doubled or half done. Throws on a half change. */
export async function occurrences(
  server: ChildServer,
  changes: readonly Change[],
): Promise<ReadonlyMap<Change, number>> {
  const found = new Map<Change, number>();
  const of = (kind: Change['kind']) => changes.filter((change) => change.kind === kind);
  for (const change of of('object')) {
    const answer = await server.api('GET', objectPath(change));
    if (answer.status === 200)
      expect(answer.text === change.content, `half an object: ${change.name}`).toBe(true);
    else expect(answer.json?.code).toBe('storage.object_not_found');
    found.set(change, answer.status === 200 ? 1 : 0);
  }
  if (of('key').length > 0) {
    const { keys } = (await server.api('GET', '/access/keys')).json;
    const names = Map.groupBy(keys as { name: string }[], (key) => key.name);
    for (const change of of('key')) found.set(change, names.get(change.name)?.length ?? 0);
  }
  for (const [dataset, ingests] of Map.groupBy(of('ingest'), (change) => change.dataset)) {
    const rows = await rowsById(server, dataset);
    for (const change of ingests) {
      const count = rows.get(change.name) ?? 0;
      expect(count % ROWS, `${change.name} has ${count} rows`).toBe(0);
      found.set(change, count / ROWS);
    }
  }
  return found;
}

async function rowsById(server: ChildServer, dataset: string): Promise<ReadonlyMap<string, number>> {
  const answer = await server.api('POST', '/query/sql', {
    json: { sql: `SELECT id, count(*) AS n, count(DISTINCT part) AS parts FROM ${dataset} GROUP BY id` },
  });
  if (answer.json?.code === 'catalog.dataset_not_found' || answer.status === 404) return new Map();
  expect(answer.status, answer.text).toBe(200);
  const rows: { id: string; n: number | string; parts: number | string }[] = answer.json.rows;
  return new Map(rows.map((row) => [row.id, Number(row.n)]));
}

interface JournalEvent {
  readonly id: string;
  readonly action: string;
  readonly operation: string;
  readonly phase: string;
  readonly data: Record<string, unknown>;
}

/** The whole journal, oldest first. */
export async function journalOf(server: ChildServer): Promise<readonly JournalEvent[]> {
  const events: JournalEvent[] = [];
  let after = '';
  for (;;) {
    const page = (await server.api('GET', `/journal/events?limit=1000${after}`)).json;
    events.push(...page.events);
    if (page.next === null) return events;
    after = `&after=${encodeURIComponent(page.next)}`;
  }
}

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ApiAnswer, TestServer } from '../harness/server.ts';
import { type Fixture, type Sample, samples } from './samples.ts';

/** One cell of the matrix operation × step, with what was seen. */
export interface Probe {
  readonly operation: string;
  readonly step: string;
  readonly holds: boolean;
  readonly seen: string;
}

export interface OperationFacts {
  readonly name: string;
  readonly kind: 'read' | 'mutation';
  readonly access: 'public' | 'authenticated' | 'demands';
  readonly truthBefore: string | null;
}

/** The keys that must be refused, and one that is allowed nothing. */
export interface Keys {
  readonly revoked: string;
  readonly expired: string;
  readonly nobody: string;
  readonly reader: string;
}

export async function makeKeys(server: TestServer): Promise<Keys> {
  const revoked = await server.key('reader', { region: 'north' });
  await server.api('DELETE', `/access/keys/${revoked.keyId}`);
  const soon = new Date(Date.now() + 300).toISOString();
  const expiring = await server.api('POST', '/access/keys', {
    json: { name: 'short', role: 'reader', attributes: { region: 'north' }, expires_at: soon },
  });
  while (Date.now() < Date.parse(soon) + 50) await new Promise((done) => setTimeout(done, 50));
  return {
    revoked: revoked.key,
    expired: expiring.json?.key ?? '',
    nobody: (await server.key('nobody')).key,
    reader: (await server.key('reader', { region: 'north' })).key,
  };
}

/** Runs every probe of one operation. */
export async function probeOperation(fixture: Fixture, keys: Keys, facts: OperationFacts): Promise<Probe[]> {
  const make = samples[facts.name];
  if (make === undefined) return [{ operation: facts.name, step: 'sample', holds: false, seen: 'no sample' }];
  const { server } = fixture;
  const found: Probe[] = [];
  const note = (step: string, holds: boolean, answer: ApiAnswer | string) =>
    found.push({
      operation: facts.name,
      step,
      holds,
      seen: typeof answer === 'string' ? answer : `${answer.status} ${answer.json?.code ?? ''}`,
    });
  const call = (sample: Sample, key: string | null, headers: Record<string, string> = {}) =>
    server.api(sample.method, sample.path, {
      ...sample.options,
      key,
      headers: { ...sample.options.headers, ...headers },
    });

  const sample = await make(fixture);
  for (const [step, key] of [
    ['no key', null],
    ['wrong key', `${keys.reader.slice(0, -1)}${keys.reader.endsWith('a') ? 'b' : 'a'}`],
    ['revoked key', keys.revoked],
    ['expired key', keys.expired],
  ] as const) {
    const answer = await call(sample, key);
    note(
      step,
      answer.status === 401 && (answer.text === '' || answer.json?.code === 'access.unauthenticated'),
      answer,
    );
  }
  if (facts.access === 'demands') {
    const answer = await call(sample, keys.nobody);
    note('no grant', [403, 404].includes(answer.status), answer);
    const row = auditRow(server, answer, facts.name);
    note('refusal audited', row?.decision === 'denied', String(row?.decision ?? 'no audit row'));
  } else {
    const answer = await call(sample, keys.nobody);
    note('nothing of others', !answer.text.includes('staff') && answer.status !== 500, answer);
  }
  if (sample.options.json !== undefined) {
    const unknown = await call(withUnknownMember(sample), server.adminKey);
    note('unknown field refused', unknown.status === 400, unknown);
  }

  const allowed = await call(sample, server.adminKey);
  note('allowed', allowed.status < 300 || allowed.json?.code === 'query.not_found', allowed);
  const row = auditRow(server, allowed, facts.name);
  const closed = row !== undefined && row.status !== null && row.status !== 'open';
  note('audited, opened and closed', closed, row === undefined ? 'no audit row' : String(row.status));
  if (facts.kind === 'mutation' && allowed.status < 300)
    await probeMutation({ ...fixture, make, call, note, facts });
  return found;
}

async function probeMutation(parts: {
  server: TestServer;
  datasetId: string;
  ingestId: string;
  make: (fixture: Fixture) => Sample | Promise<Sample>;
  call: (sample: Sample, key: string | null, headers?: Record<string, string>) => Promise<ApiAnswer>;
  note: (step: string, holds: boolean, answer: ApiAnswer | string) => void;
  facts: OperationFacts;
}): Promise<void> {
  const { server, call, note } = parts;
  const sample = await parts.make(parts);
  const key = `probe-${parts.facts.name}-${Math.random()}`;
  const headers = { 'idempotency-key': key };
  const [first, second] = await Promise.all([
    call(sample, server.adminKey, headers),
    call(sample, server.adminKey, headers),
  ]);
  const statuses = [first.status, second.status].sort();
  const once =
    statuses[0] !== undefined && statuses[0] < 300 && (statuses[1] === 409 || first.text === second.text);
  note('in flight: once', once || secretShownOnce(first, second), `${first.status} ${second.status}`);
  const winner = first.status < 300 ? first : second;
  note(
    'journaled',
    journalEvents(server, winner) >= 1 || unchanged(winner),
    `${journalEvents(server, winner)} event(s)`,
  );
  const before = journalEvents(server);
  const again = await call(sample, server.adminKey, headers);
  const shows = /"key":"lh_|"token":"/.test(again.text);
  note(
    'replay: same answer, no effect, no secret',
    again.status < 300 && journalEvents(server) === before && !shows,
    again,
  );
  const other = await call(await changed(sample), server.adminKey, headers);
  note('other content under the key refused', other.status === 422 || sameRequest(sample), other);
}

const secretShownOnce = (first: ApiAnswer, second: ApiAnswer) =>
  first.status < 300 &&
  second.status < 300 &&
  [first, second].filter((a) => /"key":"lh_|"token":"/.test(a.text)).length === 1;

/** A mutation that found nothing to change has no event, and says so. */
const unchanged = (answer: ApiAnswer) => answer.json?.journal_event_id === null;

/** Requests that have no content to vary: their path is the whole request, so another one is another resource. */
const sameRequest = (sample: Sample) =>
  sample.options.json === undefined && sample.options.body === undefined;

async function changed(sample: Sample): Promise<Sample> {
  if (typeof sample.options.body === 'string') {
    return {
      ...sample,
      options: { ...sample.options, body: `${sample.options.body}9,more@example.com,x,1\n` },
    };
  }
  if (sample.options.json === undefined) return sample;
  const json = { ...(sample.options.json as Record<string, unknown>) };
  if (typeof json.name === 'string') json.name = `${json.name}x`;
  else if (typeof json.description === 'string') json.description = `${json.description}x`;
  else if (typeof json.limit === 'number') json.limit -= 1;
  else if (typeof json.agent === 'string') json.ttl_s = 60;
  else if ('roles' in json) json.masks = [];
  else json.dry_run = true;
  return { ...sample, options: { ...sample.options, json } };
}

function withUnknownMember(sample: Sample): Sample {
  if (sample.options.json === undefined) return sample;
  const json = { ...(sample.options.json as Record<string, unknown>), is_admin: true };
  return { ...sample, options: { ...sample.options, json } };
}

interface AuditRow {
  readonly decision: string;
  readonly status: string | null;
  readonly door: string;
}

/** The row of a request, as it is on disk. */
export function auditRow(server: TestServer, answer: ApiAnswer, operation: string): AuditRow | undefined {
  return query<AuditRow>(
    server,
    'SELECT decision, status, door FROM audit_rows WHERE request_id = ? AND operation = ?',
    answer.headers.get('x-request-id'),
    operation,
  )[0];
}

function journalEvents(server: TestServer, answer?: ApiAnswer): number {
  const counted =
    answer === undefined
      ? query<{ n: number }>(server, 'SELECT count(*) AS n FROM journal_events')
      : query<{ n: number }>(
          server,
          'SELECT count(*) AS n FROM journal_events WHERE request_id = ?',
          answer.headers.get('x-request-id'),
        );
  return counted[0]?.n ?? 0;
}

/** The store as it is on disk, past every door: what was really recorded. */
function query<R>(server: TestServer, sql: string, ...parameters: (string | null)[]): R[] {
  const database = new DatabaseSync(join(server.home, 'store', 'lakehouse.db'), { readOnly: true });
  try {
    return database.prepare(sql).all(...parameters) as R[];
  } finally {
    database.close();
  }
}

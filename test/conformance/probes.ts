import type { ApiAnswer, TestServer } from '../harness/server.ts';
import { PASSES_UNKNOWN_ON } from './model-samples.ts';
import { probeMutation } from './mutation-probes.ts';
import { type Fixture, type Sample, samples } from './samples.ts';
import { auditRow } from './stored-records.ts';

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

/** What the probes of one operation work with. */
export interface Prober {
  readonly server: TestServer;
  readonly operation: string;
  call(sample: Sample, key: string | null, headers?: Record<string, string>): Promise<ApiAnswer>;
  note(step: string, holds: boolean, seen: ApiAnswer | string): void;
}

/** The keys that must be refused, and one that is allowed nothing. */
export interface Keys {
  readonly revoked: string;
  readonly expired: string;
  readonly nobody: string;
  readonly reader: string;
}

/** The keys that are refused were all taken once: they are refused for what became of them. */
export async function makeKeys(server: TestServer): Promise<Keys> {
  const isTaken = async (key: string) => (await server.api('GET', '/access/me', { key })).status !== 401;
  const works = async (key: string) => {
    if (!(await isTaken(key))) throw new Error('a key that was just made is refused');
    return key;
  };
  const { expired, expiresMs } = await expiringKey(server, isTaken);
  const revoked = await server.key('reader', { region: 'north' });
  await works(revoked.key);
  const gone = await server.api('DELETE', `/access/keys/${revoked.keyId}`);
  if (gone.status >= 300) throw new Error(`a key could not be revoked: ${gone.text}`);
  const nobody = await works((await server.key('nobody')).key);
  const reader = await works((await server.key('reader', { region: 'north' })).key);
  while (Date.now() < expiresMs + 50) await new Promise((done) => setTimeout(done, 50));
  return { revoked: revoked.key, expired, nobody, reader };
}

/** A key that was taken before it expired: a busy machine gets one that lives longer. */
async function expiringKey(server: TestServer, isTaken: (key: string) => Promise<boolean>) {
  for (let lifeMs = 1_000; lifeMs < 60_000; lifeMs *= 2) {
    const expiresMs = Date.now() + lifeMs;
    const expires_at = new Date(expiresMs).toISOString();
    const json = { name: 'short', role: 'reader', attributes: { region: 'north' }, expires_at };
    const expired: string | undefined = (await server.api('POST', '/access/keys', { json })).json?.key;
    if (expired !== undefined && (await isTaken(expired))) return { expired, expiresMs };
  }
  throw new Error('a key that was just made is refused');
}

/** Runs every probe of one operation. */
export async function probeOperation(fixture: Fixture, keys: Keys, facts: OperationFacts): Promise<Probe[]> {
  const make = samples[facts.name];
  if (make === undefined) return [{ operation: facts.name, step: 'sample', holds: false, seen: 'no sample' }];
  const { server } = fixture;
  const found: Probe[] = [];
  const prober: Prober = {
    server,
    operation: facts.name,
    call: (sample, key, headers = {}) =>
      server.api(sample.method, sample.path, {
        ...sample.options,
        key,
        headers: { ...sample.options.headers, ...headers },
      }),
    note(step, holds, answer) {
      const seen = typeof answer === 'string' ? answer : `${answer.status} ${answer.json?.code ?? ''}`;
      found.push({ operation: facts.name, step, holds, seen });
    },
  };
  const sample = await make(fixture);
  await probeKeys(prober, sample, keys);
  await probeGrants(prober, sample, keys, facts);
  await probeInput(prober, sample);

  const allowed = await prober.call(sample, server.adminKey);
  prober.note('allowed', allowed.status >= 200 && allowed.status < 300, allowed);
  const row = auditRow(server, allowed.headers.get('x-request-id'));
  prober.note('audited, opened and closed', row?.status === 'ok', row?.status ?? 'no audit row');
  if (facts.kind === 'mutation') await probeMutation(prober, fixture, make);
  return found;
}

/** One same 401, whatever is wrong with the key. */
async function probeKeys({ call, note }: Prober, sample: Sample, keys: Keys): Promise<void> {
  const last = keys.reader.slice(-1);
  const bodies = new Set<string>();
  for (const [step, key] of [
    ['no key', null],
    ['wrong key', `${keys.reader.slice(0, -1)}${last === 'a' ? 'b' : 'a'}`],
    ['revoked key', keys.revoked],
    ['expired key', keys.expired],
  ] as const) {
    const answer = await call(sample, key);
    bodies.add(answer.text.replace(answer.headers.get('x-request-id') ?? '', ''));
    const isEmpty = sample.method === 'HEAD' && answer.status === 401 && answer.text === '';
    note(step, isEmpty || isRefusedAs(answer, 401, 'access.unauthenticated'), answer);
  }
  note('one same 401', bodies.size === 1, `${bodies.size} different bodies`);
}

async function probeGrants(
  { server, call, note }: Prober,
  sample: Sample,
  keys: Keys,
  facts: OperationFacts,
): Promise<void> {
  const answer = await call(sample, keys.nobody);
  if (facts.access === 'authenticated') {
    // What everyone with a key may ask shows the caller's own things: an empty answer, or none of that name.
    const isAnswered = answer.status < 300 || [403, 404].includes(answer.status);
    note('nothing of others', isAnswered && !answer.text.includes('staff'), answer);
    return;
  }
  const isHidden = answer.status === 404 && answer.json?.code !== 'gateway.route_not_found';
  note('no grant', answer.status === 403 || isHidden, answer);
  const row = auditRow(server, answer.headers.get('x-request-id'));
  note('refusal audited', row?.decision === 'denied', row?.decision ?? 'no audit row');
}

/** A member nobody declared is refused by its name, in the body where there is a JSON one, else in the query. */
async function probeInput({ server, operation, call, note }: Prober, sample: Sample): Promise<void> {
  const { json } = sample.options;
  const path = `${sample.path}${sample.path.includes('?') ? '&' : '?'}is_admin=true`;
  const unknown =
    json === undefined
      ? { ...sample, path }
      : { ...sample, options: { ...sample.options, json: { ...(json as object), is_admin: true } } };
  const answer = await call(unknown, server.adminKey);
  if (PASSES_UNKNOWN_ON.has(operation)) return note('unknown field passed on', answer.status === 200, answer);
  const isNamed = sample.method === 'HEAD' || answer.text.includes('is_admin');
  note('unknown field refused', answer.status === 400 && isNamed, answer);
}

/** Whether the answer is the problem of this code, under this status. */
export function isRefusedAs(answer: ApiAnswer, status: number, code: string): boolean {
  return answer.status === status && answer.json?.code === code;
}

import type { ApiAnswer } from '../harness/server.ts';
import { isRefusedAs, type Prober } from './probes.ts';
import type { Fixture, Sample } from './samples.ts';
import { journalEvents } from './stored-records.ts';

/** Mutations whose whole input is the operation's name: under the key of one there is no other request. */
const NOTHING_TO_VARY: ReadonlySet<string> = new Set(['journal.rotate_key', 'tools.reload', 'truth.reload']);
/** One effect, one event, one answer, however often the request comes under its Idempotency-Key. */
export async function probeMutation(
  prober: Prober,
  fixture: Fixture,
  make: (fixture: Fixture) => Sample | Promise<Sample>,
): Promise<void> {
  const { server, call, note, operation } = prober;
  const sample = await make(fixture);
  const headers = { 'idempotency-key': `probe-${operation}-${Math.random()}` };
  const send = (what: Sample) => call(what, server.adminKey, headers);

  const both = await Promise.all([send(sample), send(sample)]);
  const ran = both.filter((answer) => isDone(answer) && !isReplay(answer));
  const waited = both.filter((answer) => !ran.includes(answer));
  const once =
    ran.length === 1 &&
    waited.every((answer) => isReplay(answer) || isRefusedAs(answer, 409, 'door.idempotency_in_flight')) &&
    waited.every((answer) => journalEvents(server, answer).length === 0);
  note('in flight: once', once, both.map(({ status, json }) => `${status} ${json?.code ?? ''}`).join(', '));
  const [first = both[0]] = ran;

  const events = journalEvents(server, first);
  const named = first.json?.journal_event_id;
  const recorded = events.length > 0 && (named === undefined || events.includes(named));
  note('journaled', recorded, `${events.length} event(s), the answer names ${named}`);

  const again = await send(sample);
  note('replay: same answer', isReplay(again) && sameButSecrets(again, first), again);
  note('replay: no secret', !SECRET.test(again.text), again);
  const later = [again];
  const others = otherRequests(sample, await make(fixture));
  for (const [part, other] of others) {
    const answer = await send(other);
    later.push(answer);
    note(`other ${part} refused`, isRefusedAs(answer, 422, 'door.idempotency_mismatch'), answer);
  }
  note('something to vary', others.length > 0 || NOTHING_TO_VARY.has(operation), `${others.length} part(s)`);
  const effects = later.filter((answer) => journalEvents(server, answer).length > 0);
  note('no effect but the first', effects.length === 0, `${effects.length} more`);
}

const SECRET = /"key":"lh_|"token":"/;

function isDone(answer: ApiAnswer): boolean {
  return answer.status >= 200 && answer.status < 300;
}

function isReplay(answer: ApiAnswer): boolean {
  return isDone(answer) && answer.headers.get('idempotency-replayed') === 'true';
}

/** The headers of one exchange, not of the answer it carries. */
const EXCHANGE_HEADERS: ReadonlySet<string> = new Set(['date', 'idempotency-replayed', 'x-request-id']);

/** Whether the replay is, to the byte, what was answered then; only a secret is not told again. */
function sameButSecrets(again: ApiAnswer, first: ApiAnswer): boolean {
  const told = first.text.replace(/"(key|token)":"[^"]*",?/, (member) => (SECRET.test(member) ? '' : member));
  const headers = ({ headers: all }: ApiAnswer) =>
    JSON.stringify(
      [...all].filter(
        ([name]) => !EXCHANGE_HEADERS.has(name) && (name !== 'content-length' || told === first.text),
      ),
    );
  return again.status === first.status && again.text === told && headers(again) === headers(first);
}

/** The sample with other fields, other content, and another resource: each where it has any. */
function otherRequests(sample: Sample, fresh: Sample): readonly (readonly [part: string, other: Sample])[] {
  const { options } = sample;
  const path = fresh.path === sample.path ? sample.otherPath : fresh.path;
  return [
    ...(path === undefined ? [] : [['resource', { ...sample, path }] as const]),
    ...(typeof options.body === 'string'
      ? [
          [
            'content',
            { ...sample, options: { ...options, body: `${options.body}9,q@example.com,x,1\n` } },
          ] as const,
        ]
      : []),
    ...(options.json === undefined
      ? []
      : [['fields', { ...sample, options: { ...options, json: otherFields(options.json) } }] as const]),
  ];
}

function otherFields(given: unknown): Record<string, unknown> {
  const json = { ...(given as Record<string, unknown>) };
  if (typeof json.name === 'string') json.name = `${json.name}x`;
  else if (typeof json.description === 'string') json.description = `${json.description}x`;
  else if (typeof json.reason === 'string') json.reason = `${json.reason}x`;
  else if (typeof json.limit === 'number') json.limit -= 1;
  else if (typeof json.agent === 'string') json.ttl_s = 60;
  else if (typeof json.message === 'string') json.message = `${json.message}x`;
  else if (typeof json.commit === 'string') json.commit = `${json.commit}`.replace('a', 'b');
  else if (typeof json.proposal === 'string') json.proposal = `${json.proposal}x`;
  else if (typeof json.command === 'string') json.command = `${json.command}x`;
  else if ('roles' in json) json.masks = [];
  else json.dry_run = true;
  return json;
}

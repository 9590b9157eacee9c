/** An event as `POST /event` takes it. */
export interface SentEvent {
  readonly source: string;
  readonly kind: string;
  readonly severity: string;
  readonly time?: string;
  readonly external_id?: string;
  readonly correlation_id?: string;
  readonly signature?: string;
  readonly message?: string;
  readonly data?: unknown;
}

/** Bytes of prompt, answer and status that are kept at most, each, so that all three fit the 16 kB of an event. */
const MAX_CONTENT_BYTES = 4_500;

const SEVERITIES: ReadonlyMap<string, string> = new Map([
  ['DEBUG', 'debug'],
  ['DEFAULT', 'info'],
  ['WARNING', 'warn'],
  ['ERROR', 'error'],
]);

/**
 * A record of a Langfuse export (a trace, or an observation of one) as an event of source `langfuse`, idempotent by its
 * own id; null for what is neither. Of the texts only names come along: `input`, `output` and `statusMessage` may hold
 * prompts and answers, and are left out unless `withContent`. Metadata, user and session are always left out.
 */
export function langfuseEvent(record: unknown, withContent: boolean): SentEvent | null {
  const id = text(record, 'id');
  if (id === undefined) return null;
  const kind = (text(record, 'type') ?? 'trace').toLowerCase();
  if (!/^[a-z][a-z0-9_.-]{0,63}$/.test(kind)) return null;
  const time = timeOf(text(record, 'startTime') ?? text(record, 'timestamp'));
  const severity = SEVERITIES.get(text(record, 'level') ?? 'DEFAULT') ?? 'info';
  const name = text(record, 'name') ?? '';
  const model = text(record, 'model') ?? text(record, 'providedModelName');
  const failed = severity === 'error' || severity === 'warn';
  return {
    source: 'langfuse',
    kind,
    severity,
    ...(time === undefined ? {} : { time }),
    external_id: printable(id),
    correlation_id: printable(text(record, 'traceId') ?? id),
    ...(failed ? { signature: printable(`langfuse:${kind}:${name}:${model ?? ''}`) } : {}),
    message: name.slice(0, 200),
    data: {
      ...present({
        model: model?.slice(0, 256),
        parent_id: text(record, 'parentObservationId')?.slice(0, 256),
        input_tokens: tokens(record, 'input', 'promptTokens', 'inputUsage'),
        output_tokens: tokens(record, 'output', 'completionTokens', 'outputUsage'),
        total_tokens: tokens(record, 'total', 'totalTokens', 'totalUsage'),
        cost_usd: costOf(record),
        latency_ms: latencyOf(record),
      }),
      ...(withContent
        ? present({
            input: content(member(record, 'input')),
            output: content(member(record, 'output')),
            status_message: content(member(record, 'statusMessage')),
          })
        : {}),
    },
  };
}

/** The records of an export: a list, an object with a list `data`, one record; observations within a trace follow it. */
export function langfuseRecords(document: unknown): readonly unknown[] {
  const data = member(document, 'data');
  const list = Array.isArray(document) ? document : Array.isArray(data) ? data : [document];
  return list.flatMap((record) => {
    const observations = member(record, 'observations');
    // A list of traces names its observations by id alone; those are no records.
    return [record, ...(Array.isArray(observations) ? observations.filter(isObject) : [])];
  });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** An own member: what a record inherits is not of the export (K-16). */
function member(value: unknown, name: string): unknown {
  return isObject(value) ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined;
}

function text(record: unknown, name: string): string | undefined {
  const value = member(record, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function number(value: unknown): number | undefined {
  const read = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof read === 'number' && Number.isFinite(read) ? read : undefined;
}

/** The usage has had three forms: `usageDetails`, `usage`, and members of the record. */
function tokens(record: unknown, name: string, ...older: readonly string[]): number | undefined {
  const details = number(member(member(record, 'usageDetails'), name));
  const usage = number(member(member(record, 'usage'), name));
  return (
    details ?? usage ?? older.map((each) => number(member(record, each))).find((each) => each !== undefined)
  );
}

function costOf(record: unknown): number | undefined {
  const details = number(member(member(record, 'costDetails'), 'total'));
  return details ?? number(member(record, 'calculatedTotalCost')) ?? number(member(record, 'totalCost'));
}

/** The two times, which are exact, before `latency`, whose unit is seconds. */
function latencyOf(record: unknown): number | undefined {
  const began = Date.parse(text(record, 'startTime') ?? '');
  const ended = Date.parse(text(record, 'endTime') ?? '');
  if (Number.isFinite(ended - began)) return ended - began;
  const seconds = number(member(record, 'latency'));
  return seconds === undefined ? undefined : Math.round(seconds * 1_000);
}

function timeOf(given: string | undefined): string | undefined {
  const timeMs = Date.parse(given ?? '');
  return Number.isFinite(timeMs) ? new Date(timeMs).toISOString() : undefined;
}

function content(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  let kept = typeof value === 'string' ? value : JSON.stringify(value);
  // Measured as it is sent: an escaped character takes up to six bytes.
  while (Buffer.byteLength(JSON.stringify(kept)) > MAX_CONTENT_BYTES) {
    kept = kept.slice(0, Math.floor(kept.length * 0.8));
  }
  return kept;
}

function printable(given: string): string {
  return given.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 256);
}

function present(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

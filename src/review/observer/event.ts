import { z } from 'zod';
import type { JsonValue } from '../../base/index.ts';
import type { ObserverEventRow } from '../../metastore/tables/observer.ts';

/** From the least to the worst. */
export const SEVERITIES = ['debug', 'info', 'warn', 'error', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** The source of what the escalation rules record; no caller may name it. */
export const OWN_SOURCE = 'observer';

const MAX_DATA_BYTES = 16_384;
const MAX_DATA_DEPTH = 16;

export const nameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9_.-]{0,63}$/, 'Must be 1 to 64 of a-z, 0-9, _ . - and begin with a letter');
export const textIdSchema = z.string().regex(/^[\x20-\x7e]{1,256}$/, 'Must be 1 to 256 printable ASCII');
export const severitySchema = z.enum(SEVERITIES);

/** The members of one event, as a caller sends it. */
export const eventMembers = {
  source: nameSchema.describe('Who tells of it: scrum, langfuse, phase24_audit, …; the name is open.'),
  kind: nameSchema.describe('What happened, in the words of the source.'),
  severity: severitySchema,
  time: z.iso.datetime({ offset: true }).optional().describe('When it happened; now where absent.'),
  external_id: textIdSchema
    .optional()
    .describe('The source’s own id: the same one twice from one sender is one event.'),
  correlation_id: textIdSchema.optional().describe('What it belongs to: a request, a trace, an iteration.'),
  signature: textIdSchema.optional().describe('The same for every repetition of one failure.'),
  message: z.string().max(2_000).default('').describe('For people; control characters are escaped.'),
  data: z
    .unknown()
    .superRefine(checkData)
    .optional()
    .describe(`JSON of at most ${MAX_DATA_BYTES} bytes, ${MAX_DATA_DEPTH} levels deep.`),
};

export const eventSchema = z.strictObject(eventMembers);
export type EventInput = z.output<typeof eventSchema>;

/** An event of a room of this process; see `EventSpool`. */
export interface NewEvent {
  readonly source: string;
  readonly kind: string;
  readonly severity: Severity;
  readonly message: string;
  readonly externalId?: string;
  readonly correlationId?: string;
  readonly signature?: string;
  readonly data?: JsonValue;
}

export const shownEventSchema = z.strictObject({
  seq: z.int().describe('Rises with each event; the id of the stream and the cursor of lists.'),
  event_id: z.string(),
  source: z.string(),
  kind: z.string(),
  severity: severitySchema,
  time: z.string(),
  received_at: z.string(),
  identity: z.string().describe('Who sent it.'),
  external_id: z.string().nullable(),
  correlation_id: z.string().nullable(),
  signature: z.string().nullable(),
  message: z.string(),
  data: z.unknown(),
});
export type ShownEvent = z.output<typeof shownEventSchema>;

export function shownEvent(row: ObserverEventRow): ShownEvent {
  return {
    seq: Number(row.seq),
    event_id: row.event_id,
    source: row.source,
    kind: row.kind,
    severity: severitySchema.parse(row.severity),
    time: new Date(Number(row.time_ms)).toISOString(),
    received_at: new Date(Number(row.received_ms)).toISOString(),
    identity: row.identity,
    external_id: row.external_id,
    correlation_id: row.correlation_id,
    signature: row.signature,
    message: row.message,
    data: JSON.parse(row.data_json),
  };
}

/** This severity and every worse one. */
export function severitiesFrom(least: Severity): readonly Severity[] {
  return SEVERITIES.slice(SEVERITIES.indexOf(least));
}

/** Depth first: what is too deep must not be walked by a recursive writer (K-15). */
function checkData(value: unknown, check: z.core.$RefinementCtx): void {
  if (value === undefined) return;
  if (isDeeperThan(value, MAX_DATA_DEPTH)) {
    check.addIssue({ code: 'custom', message: `Must not nest deeper than ${MAX_DATA_DEPTH} levels` });
  } else if (Buffer.byteLength(JSON.stringify(value)) > MAX_DATA_BYTES) {
    check.addIssue({ code: 'custom', message: `Must not be larger than ${MAX_DATA_BYTES} bytes of JSON` });
  }
}

function isDeeperThan(value: unknown, levels: number): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; depth < levels; depth++) {
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
    if (level.length === 0) return false;
  }
  return level.some((each) => typeof each === 'object' && each !== null);
}

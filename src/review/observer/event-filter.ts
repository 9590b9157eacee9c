import { z } from 'zod';
import type { MetastoreReader } from '../../metastore/index.ts';
import { nameSchema, severitiesFrom, severitySchema, textIdSchema } from './event.ts';

/** What both the list and the stream are narrowed by. */
export const filterMembers = {
  source: nameSchema.optional().describe('Only of this source.'),
  kind: nameSchema.optional().describe('Only of this kind.'),
  severity: severitySchema.optional().describe('Only of this severity.'),
  min_severity: severitySchema.optional().describe('Only of this severity or a worse one.'),
  since: z.iso.datetime({ offset: true }).optional().describe('Happened at this time or later.'),
  until: z.iso.datetime({ offset: true }).optional().describe('Happened before this time.'),
  correlation_id: textIdSchema.optional().describe('Only what belongs to this.'),
  signature: textIdSchema.optional().describe('Only repetitions of this.'),
};

/** The names of the members, for the routes. */
export const FILTER_NAMES = Object.keys(filterMembers);

const filterSchema = z.strictObject(filterMembers);
export type EventFilter = z.output<typeof filterSchema>;

/** The events that fit, without order or limit. */
export function filteredEvents(reader: MetastoreReader, filter: EventFilter) {
  const { source, kind, severity, since, until } = filter;
  let query = reader.queries.selectFrom('observer_events').selectAll();
  if (source !== undefined) query = query.where('source', '=', source);
  if (kind !== undefined) query = query.where('kind', '=', kind);
  if (severity !== undefined) query = query.where('severity', '=', severity);
  if (filter.min_severity !== undefined) {
    query = query.where('severity', 'in', severitiesFrom(filter.min_severity));
  }
  if (since !== undefined) query = query.where('time_ms', '>=', Date.parse(since));
  if (until !== undefined) query = query.where('time_ms', '<', Date.parse(until));
  if (filter.correlation_id !== undefined) query = query.where('correlation_id', '=', filter.correlation_id);
  if (filter.signature !== undefined) query = query.where('signature', '=', filter.signature);
  return query;
}

/** The last `seq` that was given; 0 before the first event. */
export async function lastSeq(reader: MetastoreReader): Promise<number> {
  const [head] = await reader.read(reader.queries.selectFrom('observer_head').select('last_seq'));
  return Number(head?.last_seq ?? 0);
}

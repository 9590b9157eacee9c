import { type Clock, type Logger, matchesPattern } from '../../base/index.ts';
import type { MetastoreReader } from '../../metastore/index.ts';
import type { ObserverEventRow } from '../../metastore/tables/observer.ts';
import type { EscalationRule } from './escalation-rules.ts';
import { type NewEvent, OWN_SOURCE, severitiesFrom } from './event.ts';
import type { EventFeed } from './event-feed.ts';
import { lastSeq } from './event-filter.ts';

const PAGE = 500;
/** Events an escalation names. */
const NAMED = 10;
/** Signatures counted at once; the one that was quiet longest is forgotten first. */
const MAX_COUNTED = 10_000;

/** One signature under one rule. */
interface Count {
  events: readonly { readonly timeMs: number; readonly eventId: string }[];
  escalatedMs: number | null;
}

export interface EscalationParts {
  readonly rules: readonly EscalationRule[];
  readonly reader: MetastoreReader;
  readonly feed: EventFeed;
  readonly clock: Clock;
  readonly log: Logger;
  /** Records an escalation; the same `externalId` twice is one. */
  send(event: NewEvent): void;
}

/**
 * Follows the events in their order and tells what adds up. A start goes back over the longest window: what was counted
 * is counted again, and an escalation that was cut off by a crash is told then. Ends when the feed stops.
 */
export async function watchForEscalations(parts: EscalationParts): Promise<void> {
  const { rules, reader, feed, clock, log } = parts;
  if (rules.length === 0) return;
  const counts = new Map<string, Count>();
  const never = new AbortController().signal;
  let after: number | null = null;
  while (!feed.stopped) {
    const seen = feed.version;
    try {
      after ??= await beginOf(reader, clock.nowMs() - longestMs(rules));
      const rows = await eventsAfter(reader, after);
      for (const row of rows) {
        for (const rule of rules) consider(rule, row, counts, parts);
        after = Number(row.seq);
      }
      if (rows.length === PAGE) continue;
    } catch (error) {
      log.warn({ err: error }, 'events could not be looked at for escalations');
    }
    await feed.beyond(seen, { timeoutMs: 60_000, signal: never });
  }
}

function longestMs(rules: readonly EscalationRule[]): number {
  return Math.max(...rules.map((rule) => rule.within_s)) * 1_000;
}

/** The place before the first event that came in since. */
async function beginOf(reader: MetastoreReader, sinceMs: number): Promise<number> {
  const [first] = await reader.read(
    reader.queries
      .selectFrom('observer_events')
      .select('seq')
      .where('received_ms', '>=', Math.floor(sinceMs))
      .orderBy('seq')
      .limit(1),
  );
  return first === undefined ? lastSeq(reader) : Number(first.seq) - 1;
}

const LOOKED_AT = ['seq', 'event_id', 'source', 'kind', 'severity', 'time_ms', 'signature'] as const;
type SeenEvent = Pick<ObserverEventRow, (typeof LOOKED_AT)[number]>;

function eventsAfter(reader: MetastoreReader, after: number): Promise<SeenEvent[]> {
  return reader.read(
    reader.queries
      .selectFrom('observer_events')
      .select(LOOKED_AT)
      .where('seq', '>', after)
      .orderBy('seq')
      .limit(PAGE),
  );
}

function consider(
  rule: EscalationRule,
  row: SeenEvent,
  counts: Map<string, Count>,
  parts: EscalationParts,
): void {
  if (!fits(rule, row)) return;
  const name = `${rule.name} ${row.signature ?? ''}`;
  const count = counts.get(name) ?? { events: [], escalatedMs: null };
  // Put at the end: the first of the map is the one that was quiet longest.
  counts.delete(name);
  counts.set(name, count);
  for (const [oldest] of counts) {
    if (counts.size <= MAX_COUNTED) break;
    counts.delete(oldest);
  }
  const withinMs = rule.within_s * 1_000;
  const timeMs = Number(row.time_ms);
  if (count.escalatedMs !== null && Math.abs(timeMs - count.escalatedMs) < withinMs) return;
  const near = count.events.filter((event) => Math.abs(timeMs - event.timeMs) < withinMs);
  count.events = [...near, { timeMs, eventId: row.event_id }];
  if (count.events.length < rule.times) return;
  parts.send(escalation(rule, row, count.events));
  count.events = [];
  count.escalatedMs = timeMs;
}

function fits(rule: EscalationRule, row: SeenEvent): boolean {
  const { source, kind, severity, signature } = rule.when;
  if (row.source === OWN_SOURCE) return false;
  if (source !== undefined && !matchesPattern(source, row.source)) return false;
  if (kind !== undefined && !matchesPattern(kind, row.kind)) return false;
  if (!severitiesFrom(severity).some((one) => one === row.severity)) return false;
  return signature === undefined || (row.signature !== null && matchesPattern(signature, row.signature));
}

function escalation(rule: EscalationRule, last: SeenEvent, events: Count['events']): NewEvent {
  const about = last.signature === null ? '' : ` of ${last.signature}`;
  return {
    source: OWN_SOURCE,
    kind: 'escalation',
    severity: 'critical',
    message: `${rule.name}: ${events.length} events${about} within ${rule.within_s} s.`,
    // The event that made it full: a start that counts again finds the same one.
    externalId: `escalation:${rule.name}:${last.event_id}`,
    ...(last.signature === null ? {} : { signature: last.signature }),
    data: {
      rule: rule.name,
      times: rule.times,
      within_s: rule.within_s,
      event_ids: events.slice(0, NAMED).map(({ eventId }) => eventId),
    },
  };
}

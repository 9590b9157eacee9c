import { sql } from 'kysely';
import { z } from 'zod';
import type { Clock } from '../../../base/index.ts';
import { nothingToJudge, permissionRule, readOperation } from '../../../govern/scope/index.ts';
import type { MetastoreReader } from '../../../metastore/index.ts';
import { shownEvent, shownEventSchema } from '../event.ts';

/** Names of one group at most: the most frequent. */
const MAX_NAMES = 1_000;

const counts = z.record(z.string(), z.int());
const outputSchema = z.strictObject({
  events: z.int().describe('Events that are kept.'),
  by_source: counts.describe(`The ${MAX_NAMES} most frequent.`),
  by_kind: counts,
  by_severity: counts,
  rates: z
    .strictObject({ last_minute: z.int(), last_hour: z.int() })
    .describe('Events that came in during the last minute and hour.'),
  last: shownEventSchema.omit({ message: true, data: true }).nullable(),
  dropped: z
    .int()
    .describe('Events of this server’s own rooms given up since it started: the spool was full.'),
});

/** `observer.stats`: how many events, of what, and how many now. */
export function eventStats(parts: {
  readonly reader: MetastoreReader;
  readonly clock: Clock;
  dropped(): number;
}) {
  const { reader, clock } = parts;
  return readOperation<Record<never, never>, z.output<typeof outputSchema>, null>({
    name: 'observer.stats',
    summary: 'Count events',
    description:
      'Events by source, kind and severity, the rates of the last minute and hour, and the newest.',
    input: z.strictObject({}),
    output: outputSchema,
    access: permissionRule('events.read'),
    truth: nothingToJudge('Numbers of events make no claim.'),
    async run(scope) {
      scope.requirePermission('events.read');
      const nowMs = clock.nowMs();
      const [last] = await reader.read(
        reader.queries.selectFrom('observer_events').selectAll().orderBy('seq', 'desc').limit(1),
      );
      const bySeverity = await countsBy(reader, 'severity');
      return {
        kind: 'value',
        value: {
          events: Object.values(bySeverity).reduce((sum, events) => sum + events, 0),
          by_source: await countsBy(reader, 'source'),
          by_kind: await countsBy(reader, 'kind'),
          by_severity: bySeverity,
          rates: {
            last_minute: await receivedSince(reader, nowMs - 60_000),
            last_hour: await receivedSince(reader, nowMs - 3_600_000),
          },
          last: last === undefined ? null : withoutContent(shownEvent(last)),
          dropped: parts.dropped(),
        },
      };
    },
  });
}

async function countsBy(
  reader: MetastoreReader,
  column: 'source' | 'kind' | 'severity',
): Promise<Record<string, number>> {
  const rows = await reader.read(
    reader.queries
      .selectFrom('observer_events')
      .select([column, sql<number>`COUNT(*)`.as('events')])
      .groupBy(column)
      .orderBy('events', 'desc')
      .limit(MAX_NAMES),
  );
  return Object.fromEntries(rows.map((row) => [row[column], Number(row.events)]));
}

async function receivedSince(reader: MetastoreReader, sinceMs: number): Promise<number> {
  const [row] = await reader.read(
    reader.queries
      .selectFrom('observer_events')
      .select(sql<number>`COUNT(*)`.as('events'))
      .where('received_ms', '>', Math.floor(sinceMs)),
  );
  return Number(row?.events ?? 0);
}

function withoutContent({ message: _message, data: _data, ...rest }: ReturnType<typeof shownEvent>) {
  return rest;
}

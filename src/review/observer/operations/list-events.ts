import { z } from 'zod';
import { nothingToJudge, permissionRule, readOperation } from '../../../govern/scope/index.ts';
import type { MetastoreReader } from '../../../metastore/index.ts';
import { cursorSeq, cursorText } from '../cursor.ts';
import { shownEvent, shownEventSchema } from '../event.ts';
import { filteredEvents, filterMembers } from '../event-filter.ts';

const inputSchema = z.strictObject({
  ...filterMembers,
  before: cursorText.optional().describe('Continue before this place: the `next` of the page before.'),
  limit: z.int().min(1).max(200).default(50).describe('Events of one page.'),
});
const outputSchema = z.strictObject({
  events: z.array(shownEventSchema),
  next: z.string().nullable().describe('Cursor of the next page; null at the end.'),
});

/** `observer.events`: what happened, page by page. */
export function listEvents(reader: MetastoreReader) {
  return readOperation<z.output<typeof inputSchema>, z.output<typeof outputSchema>, null>({
    name: 'observer.events',
    summary: 'List events',
    description: 'Events in the order they came in, newest first.',
    input: inputSchema,
    output: outputSchema,
    access: permissionRule('events.read'),
    truth: nothingToJudge('A list of what was sent makes no claim.'),
    async run(scope, { before, limit, ...filter }) {
      scope.requirePermission('events.read');
      let query = filteredEvents(reader, filter);
      if (before !== undefined) query = query.where('seq', '<', cursorSeq(before));
      // One row more than the page, which tells whether another follows.
      const rows = await reader.read(query.orderBy('seq', 'desc').limit(limit + 1));
      const events = rows.slice(0, limit).map(shownEvent);
      const last = rows.length > limit ? events.at(-1) : undefined;
      const next = last === undefined ? null : String(last.seq);
      return { kind: 'value', value: { events, next }, rowCount: events.length };
    },
  });
}

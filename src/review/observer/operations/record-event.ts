import { z } from 'zod';
import { LakeError } from '../../../base/index.ts';
import { inputMistake } from '../../../door/index.ts';
import {
  identityLabel,
  mutationOperation,
  nothingToJudge,
  permissionRule,
} from '../../../govern/scope/index.ts';
import { observerErrors } from '../errors.ts';
import { type EventInput, eventMembers, eventSchema, OWN_SOURCE } from '../event.ts';
import type { EventFeed } from '../event-feed.ts';
import { planRecord, type RecordParts } from '../plan-record.ts';

const MAX_EVENTS = 1_000;

const { source, kind, severity, time, external_id, correlation_id, signature, message, data } = eventMembers;
const inputSchema = z
  .strictObject({
    source: source.optional(),
    kind: kind.optional(),
    severity: severity.optional(),
    time,
    external_id,
    correlation_id,
    signature,
    message: message.unwrap().optional(),
    data,
    events: z
      .array(eventSchema)
      .min(1)
      .max(MAX_EVENTS)
      .optional()
      .describe(`Up to ${MAX_EVENTS} events instead of one; all are kept or none.`),
  })
  .superRefine(({ events, ...one }, check) => {
    const given = Object.values(one).some((value) => value !== undefined);
    if (events !== undefined && given) {
      check.addIssue({ code: 'custom', path: ['events'], message: 'Send one event or `events`, not both' });
    }
    if (events !== undefined) return;
    for (const issue of eventSchema.safeParse(one, { error: inputMistake }).error?.issues ?? []) {
      check.addIssue({ code: 'custom', path: [...issue.path], message: issue.message });
    }
  });

const outputSchema = z.strictObject({
  accepted: z.int(),
  duplicate: z.int().describe('Events whose source and external id are known from the sender.'),
  event_ids: z.array(z.string()).describe('One for each event, in its order.'),
  journal_event_id: z.string().nullable(),
});
type Output = z.output<typeof outputSchema>;

/** `observer.event`: takes one event, or many at once. */
export function recordEvent(parts: RecordParts & { readonly feed: EventFeed }) {
  return mutationOperation<z.output<typeof inputSchema>, Output, null>({
    name: 'observer.event',
    summary: 'Record events',
    description:
      'Keeps what happened, durably, before it answers. The same external id of a source twice from one sender is one event. The ' +
      'journal counts events; it does not repeat them.',
    input: inputSchema,
    output: outputSchema,
    access: permissionRule('events.write'),
    truth: nothingToJudge('An event is what its sender says; who sent it stands beside it.'),
    async prepare(scope, input) {
      scope.requirePermission('events.write');
      const events = eventsOf(input);
      if (events.some((event) => event.source === OWN_SOURCE)) throw reserved();
      return {
        async attempt() {
          const planned = await planRecord(parts, identityLabel(scope.identity), events);
          return {
            statements: planned.statements,
            event: planned.event,
            status: planned.accepted > 0 ? 201 : 200,
            output: (eventId) => ({
              accepted: planned.accepted,
              duplicate: planned.duplicate,
              event_ids: [...planned.eventIds],
              journal_event_id: eventId,
            }),
            afterCommit: async () => parts.feed.changed(),
          };
        },
      };
    },
  });
}

function eventsOf({ events, ...one }: z.output<typeof inputSchema>): readonly EventInput[] {
  return events ?? [eventSchema.parse(one)];
}

function reserved(): LakeError {
  return new LakeError(observerErrors.reserved_source, {
    detail: `The source "${OWN_SOURCE}" is of the escalation rules of this server. Name your own.`,
  });
}

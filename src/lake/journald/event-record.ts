import type { JsonObject, JsonValue } from '../../base/index.ts';
import { canonicalJson, jsonSafe, sha256Hex } from '../../base/index.ts';
import type { EventDraft } from '../../govern/scope/index.ts';
import type { EventContext } from './journal.ts';

/** The hash before the first event of a chain. */
export const GENESIS_HASH = '0'.repeat(64);

/** The columns of an event that repeat members of its record. */
export interface RecordColumns {
  readonly id: string;
  readonly writer: string;
  readonly time_ms: number;
  readonly action: string;
  readonly subject: string;
  readonly identity: string;
  readonly on_behalf_of: string | null;
  readonly key_id: string | null;
  readonly operation: string;
  readonly door: string;
  readonly request_id: string;
  readonly phase: string;
  readonly intent_id: string | null;
  readonly policy_version: number;
}

/**
 * The canonical text of one event and the columns beside it. **What is hashed:** the record is the canonical JSON
 * (members sorted, no white space) of every fact of the event — id, writer, time, action, subject, data, both
 * identities with role and key, operation, door, request, phase, intent, policy version, what truth said — and
 *
 *     hash = SHA-256( previous hash + ":" + sequence number in decimal + ":" + record )
 *
 * over UTF-8, in lower-case hexadecimal. So the text, its order and its place are all covered. Half of a surrogate pair
 * has no UTF-8 form and is replaced first: a column would not read back equal to the record.
 */
export function eventRecord(event: {
  readonly id: string;
  readonly writer: string;
  readonly timeMs: number;
  readonly draft: EventDraft;
  readonly context: EventContext;
}): { readonly record: string; readonly columns: RecordColumns } {
  const { draft, context } = event;
  const { identity } = context;
  const columns: RecordColumns = {
    id: event.id,
    writer: event.writer,
    time_ms: event.timeMs,
    action: draft.action.toWellFormed(),
    subject: draft.subject.toWellFormed(),
    identity: identity.name.toWellFormed(),
    on_behalf_of: identity.onBehalfOf?.name.toWellFormed() ?? null,
    key_id: identity.keyId,
    operation: context.operation,
    door: context.door,
    request_id: context.requestId.toWellFormed(),
    phase: context.phase,
    intent_id: context.intentId,
    policy_version: context.policyVersion,
  };
  const record = canonicalJson({
    version: 1,
    id: columns.id,
    writer: columns.writer,
    time_ms: columns.time_ms,
    action: columns.action,
    subject: columns.subject,
    data: jsonSafe(draft.data),
    identity: { name: columns.identity, role: identity.role, key_id: columns.key_id },
    on_behalf_of: identity.onBehalfOf && {
      name: columns.on_behalf_of,
      role: identity.onBehalfOf.role,
      key_id: identity.onBehalfOf.keyId,
    },
    operation: columns.operation,
    door: columns.door,
    request_id: columns.request_id,
    phase: columns.phase,
    intent_id: columns.intent_id,
    policy_version: columns.policy_version,
    truth: context.truth?.map(({ rule, action }) => ({ rule, action })) ?? null,
  });
  return { record, columns };
}

/** The columns that belong to a record; members that are missing or of another type give columns that equal no row. */
export function columnsOf(record: JsonObject): RecordColumns {
  const identity = member(record, 'identity');
  return {
    id: record.id,
    writer: record.writer,
    time_ms: record.time_ms,
    action: record.action,
    subject: record.subject,
    identity: member(identity, 'name'),
    on_behalf_of: member(member(record, 'on_behalf_of'), 'name'),
    key_id: member(identity, 'key_id'),
    operation: record.operation,
    door: record.door,
    request_id: record.request_id,
    phase: record.phase,
    intent_id: record.intent_id,
    policy_version: record.policy_version,
  } as RecordColumns;
}

/** One step of the chain, as the store computes it inside the transaction. */
export function chainHash(previousHash: string, seq: number, record: string): string {
  return sha256Hex(`${previousHash}:${seq}:${record}`);
}

function member(value: JsonValue | undefined, name: string): JsonValue {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? ((value as JsonObject)[name] ?? null)
    : null;
}

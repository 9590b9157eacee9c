import { sql } from 'kysely';
import type { Statement } from '../../base/index.ts';
import { type Dialect, slot as namedSlot, statementTemplate } from '../../metastore/index.ts';
import type { RecordColumns } from './event-record.ts';

/** Builds the statements that append one event to a chain; compiled once, filled per event. */
export type EventAppender = (event: {
  readonly record: string;
  readonly columns: RecordColumns;
}) => readonly Statement[];

/**
 * The chain is computed by the store, inside the transaction: batches that share a durable commit are ordered there,
 * and a refused one leaves no hole. First the head moves on by one, then the event is copied from it. The head's guard
 * refuses an id that is not greater than the last, so that ids rise with the sequence whatever order callers commit in.
 */
export function createEventAppender(dialect: Dialect, writer: string): EventAppender {
  const moveHead = statementTemplate<Values>(moveHeadQuery(dialect, writer));
  const insertEvent = statementTemplate<Values>(insertEventQuery(dialect, writer));
  const { queries } = dialect;
  const openIntent = statementTemplate<Values>(
    queries.insertInto('journal_open_intents').values({ intent_id: slot('id') }),
  );
  const settleIntent = statementTemplate<Values>(
    queries.deleteFrom('journal_open_intents').where('intent_id', '=', slot('intent_id')),
  );
  return ({ record, columns }) => {
    const values = { ...columns, record };
    const statements: Statement[] = [
      moveHead(values, { rows: 1, refusal: 'journal_head_moved' }),
      insertEvent(values, { rows: 1, refusal: 'journal_head_moved' }),
    ];
    if (columns.phase === 'intent') statements.push(openIntent(values));
    if (columns.phase === 'settled') {
      statements.push(settleIntent(values, { rows: 1, refusal: 'journal_intent_settled' }));
    }
    return statements;
  };
}

function moveHeadQuery({ queries, sha256 }: Dialect, writer: string) {
  return queries
    .updateTable('journal_heads')
    .set({
      seq: sql<number>`seq + 1`,
      last_id: slot('id'),
      prev_hash: sql<string>`hash`,
      hash: sha256(sql<string>`hash || ':' || CAST(seq + 1 AS TEXT) || ':' || ${slot('record')}`),
    })
    .where('writer', '=', writer)
    .where('last_id', '<', slot('id'));
}

function insertEventQuery({ queries }: Dialect, writer: string) {
  const text = (name: ValueName) => sql<string>`CAST(${slot(name)} AS TEXT)`;
  const integer = (name: ValueName) => sql<number>`CAST(${slot(name)} AS BIGINT)`;
  return queries
    .insertInto('journal_events')
    .columns([
      'id',
      'writer',
      'seq',
      'time_ms',
      'action',
      'subject',
      'identity',
      'on_behalf_of',
      'key_id',
      'operation',
      'door',
      'request_id',
      'phase',
      'intent_id',
      'policy_version',
      'record',
      'prev_hash',
      'hash',
    ])
    .expression(
      queries
        .selectFrom('journal_heads')
        .select([
          'last_id',
          'writer',
          'seq',
          integer('time_ms').as('time_ms'),
          text('action').as('action'),
          text('subject').as('subject'),
          text('identity').as('identity'),
          text('on_behalf_of').as('on_behalf_of'),
          text('key_id').as('key_id'),
          text('operation').as('operation'),
          text('door').as('door'),
          text('request_id').as('request_id'),
          text('phase').as('phase'),
          text('intent_id').as('intent_id'),
          integer('policy_version').as('policy_version'),
          text('record').as('record'),
          'prev_hash',
          'hash',
        ])
        .where('writer', '=', writer),
    );
}

type ValueName = keyof RecordColumns | 'record';
type Values = RecordColumns & { readonly record: string };

/** A slot of a name that every event has. */
function slot(name: ValueName) {
  return namedSlot(name);
}

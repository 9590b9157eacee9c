import { sql } from 'kysely';
import {
  type MetastoreReader,
  type StatementTemplate,
  slot,
  statementTemplate,
} from '../../metastore/index.ts';
import type { ObserverEventRow } from '../../metastore/tables/observer.ts';

/** The writes of new events, each compiled once: calls of models are told of by the hundred. */
export interface EventStatements {
  /** Gives out the places of the events that follow in the same transaction. */
  readonly moveHead: StatementTemplate<{ readonly accepted: number }>;
  /** One event, `after` places before the last that was given out. */
  readonly insert: StatementTemplate<Omit<ObserverEventRow, 'seq'> & { readonly after: number }>;
}

export function createEventStatements({ queries }: MetastoreReader): EventStatements {
  const moveHead = queries
    .updateTable('observer_head')
    .set({ last_seq: sql<number>`last_seq + ${slot<number>('accepted')}` })
    .where('one', '=', 1);
  const insert = queries.insertInto('observer_events').values({
    seq: sql<number>`(SELECT last_seq FROM observer_head WHERE one = 1) - ${slot<number>('after')}`,
    event_id: slot('event_id'),
    source: slot('source'),
    external_id: slot('external_id'),
    kind: slot('kind'),
    severity: slot('severity'),
    time_ms: slot<number>('time_ms'),
    received_ms: slot<number>('received_ms'),
    identity: slot('identity'),
    correlation_id: slot('correlation_id'),
    signature: slot('signature'),
    message: slot('message'),
    data_json: slot('data_json'),
  });
  return { moveHead: statementTemplate(moveHead), insert: statementTemplate(insert) };
}

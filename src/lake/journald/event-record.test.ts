import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, type JsonObject, sha256Hex } from '../../base/index.ts';
import { chainHash, columnsOf, eventRecord } from './event-record.ts';
import { ADA, eventContext } from './journald.fixture.ts';

/** Any text, half surrogates included. */
const text = fc.string({
  unit: fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\ud800', '\udfff', '\0', '"')),
});
const json = fc.jsonValue({ maxDepth: 3 }).map((value) => value as JsonObject);

describe('the record of an event', () => {
  it('is canonical JSON whose members are exactly the columns beside it', () => {
    fc.assert(
      fc.property(
        fc.record({
          action: text,
          subject: text,
          name: text,
          person: fc.option(text),
          value: json,
          timeMs: fc.maxSafeNat(),
        }),
        ({ action, subject, name, person, value, timeMs }) => {
          const onBehalfOf = person === null ? null : { ...ADA, name: person };
          const { record, columns } = eventRecord({
            id: 'id',
            writer: 'main',
            timeMs,
            draft: { action, subject, data: { value } },
            context: eventContext({ identity: { ...ADA, name, onBehalfOf } }),
          });
          const parsed = JSON.parse(record) as JsonObject;
          expect(canonicalJson(parsed)).toBe(record);
          expect(columnsOf(parsed)).toEqual(columns);
          for (const column of Object.values(columns)) {
            if (typeof column === 'string') expect(column.isWellFormed()).toBe(true);
          }
        },
      ),
    );
  });

  it('holds every fact of the event, so that its hash covers them', () => {
    const event = {
      id: '0198c0de-0000-7000-8000-000000000001',
      writer: 'main',
      timeMs: 1_700_000_000_000,
      draft: { action: 'object.put', subject: 'object:default/a', data: { size_bytes: 3 } },
      context: eventContext({
        phase: 'settled',
        intentId: '0198c0de-0000-7000-8000-000000000000',
        identity: { ...ADA, name: 'agent', role: 'agent', onBehalfOf: ADA },
      }),
    };
    expect(eventRecord(event).record).toBe(
      '{"action":"object.put","data":{"size_bytes":3},"door":"http","id":"0198c0de-0000-7000-8000-000000000001",' +
        '"identity":{"key_id":"key-1","name":"agent","role":"agent"},"intent_id":"0198c0de-0000-7000-8000-000000000000",' +
        '"on_behalf_of":{"key_id":"key-1","name":"ada","role":"admin"},"operation":"ingest.file","phase":"settled",' +
        '"policy_version":1,"request_id":"request-1","subject":"object:default/a","time_ms":1700000000000,' +
        '"truth":[{"action":"allow","rule":"no-empty-file"}],"version":1,"writer":"main"}',
    );
  });

  it('is chained by the previous hash, the sequence number and the text', () => {
    expect(chainHash('00', 7, '{}')).toBe(sha256Hex('00:7:{}'));
  });
});

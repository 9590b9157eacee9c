import { describe, expect, it } from 'vitest';
import type { IcebergSchema } from '../catalog.ts';
import {
  asSuccessor,
  currentSchema,
  decodeTableMetadata,
  encodeTableMetadata,
  newTableMetadata,
  snapshotAt,
  withCurrentSnapshot,
  withSchema,
  withSnapshot,
} from './table-metadata.ts';

const SCHEMA: IcebergSchema = {
  type: 'struct',
  'schema-id': 0,
  fields: [{ id: 1, name: 'a', required: false, type: 'int' }],
};

function table() {
  return newTableMetadata({
    tableUuid: 'u',
    location: 'file:///t',
    schema: SCHEMA,
    lastColumnId: 1,
    nowMs: 100,
  });
}

function snapshot(id: string, sequence: number, atMs: number) {
  return {
    'snapshot-id': id,
    'sequence-number': sequence,
    'timestamp-ms': atMs,
    summary: { operation: 'append' },
    'manifest-list': `file:///t/metadata/${id}.avro`,
    'schema-id': 0,
  };
}

describe('table metadata', () => {
  it('keeps 63-bit ids of other writers to the last digit', () => {
    const id = '9223372036854775783';
    const text = encodeTableMetadata(withSnapshot(table(), snapshot(id, 1, 200)));
    expect(text).toContain(`"current-snapshot-id":${id}`);
    const read = decodeTableMetadata(text);
    expect(read['current-snapshot-id']).toBe(id);
    expect(read.snapshots[0]?.['snapshot-id']).toBe(id);
    expect(read.refs.main?.['snapshot-id']).toBe(id);
    expect(encodeTableMetadata(read)).toBe(text);
  });

  it('finds the snapshot that was current at a time, also after a rollback', () => {
    let metadata = withSnapshot(table(), snapshot('1', 1, 200));
    metadata = withSnapshot(metadata, snapshot('2', 2, 300));
    metadata = withCurrentSnapshot(metadata, '1', 400);
    const at = (ms: number) => snapshotAt(metadata, ms)?.['snapshot-id'] ?? null;
    expect([at(199), at(200), at(299), at(300), at(399), at(400), at(9_999)]).toEqual([
      null,
      '1',
      '1',
      '2',
      '2',
      '1',
      '1',
    ]);
  });

  it('takes an equal earlier schema again under its id', () => {
    const renamed = withSchema(table(), { fields: [{ id: 1, name: 'b', required: false, type: 'int' }] }, 1);
    expect(currentSchema(renamed)['schema-id']).toBe(1);
    const back = withSchema(renamed, SCHEMA, 1);
    expect(currentSchema(back)['schema-id']).toBe(0);
    expect(back.schemas).toHaveLength(2);
  });

  it('maps both names of a renamed column, and none of them to another column', () => {
    const renamed = withSchema(table(), { fields: [{ id: 1, name: 'b', required: false, type: 'int' }] }, 1);
    const reused = withSchema(
      renamed,
      {
        fields: [
          { id: 1, name: 'b', required: false, type: 'int' },
          { id: 2, name: 'a', required: false, type: 'int' },
        ],
      },
      2,
    );
    expect(JSON.parse(reused.properties['schema.name-mapping.default'] ?? '')).toEqual([
      { 'field-id': 1, names: ['a', 'b'] },
      { 'field-id': 2, names: [] },
    ]);
  });

  it('never goes back in time, and keeps a bounded log of its files', () => {
    let metadata = table();
    for (let n = 0; n < 150; n++) metadata = asSuccessor(metadata, `file:///t/metadata/${n}`, 50);
    expect(metadata['last-updated-ms']).toBe(100);
    expect(metadata['metadata-log']).toHaveLength(100);
    expect(metadata['metadata-log'].at(-1)?.['metadata-file']).toBe('file:///t/metadata/149');
  });

  it.each(['', '{', 'null', '[]', '{"format-version": 1}', '{"format-version": 2}'])('refuses %j', (text) => {
    expect(() => decodeTableMetadata(text)).toThrow(/damaged/);
  });
});

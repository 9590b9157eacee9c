import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { avroMetadata, avroRead } from 'icebird';
import { describe, expect, it } from 'vitest';
import type { IcebergSchema } from '../catalog.ts';
import { AvroTypes, decodeAvroFile, encodeAvroFile } from './avro-file.ts';
import { decodeManifest, encodeManifest, type ManifestEntry } from './manifest.ts';
import { decodeManifestList, encodeManifestList, manifestListEntry } from './manifest-list.ts';

const SCHEMA: IcebergSchema = {
  type: 'struct',
  'schema-id': 3,
  fields: [{ id: 1, name: 'a', required: false, type: 'long' }],
};
const TYPES = new AvroTypes();
const SYNC = new Uint8Array(16).fill(7);

const count = fc.integer({ min: 0, max: 2 ** 50 });
const counts = fc.uniqueArray(fc.tuple(fc.nat(2 ** 31 - 1), count), { selector: ([id]) => id, maxLength: 5 });
const bounds = fc.uniqueArray(fc.tuple(fc.nat(2 ** 31 - 1), fc.uint8Array({ maxLength: 20 })), {
  selector: ([id]) => id,
  maxLength: 5,
});
const snapshotId = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }).map(String);
const entry: fc.Arbitrary<ManifestEntry> = fc.record({
  status: fc.constantFrom(0, 1, 2),
  snapshotId,
  sequenceNumber: fc.nat(),
  fileSequenceNumber: fc.nat(),
  file: fc.record({
    content: fc.constantFrom(0 as const, 1 as const),
    location: fc.string({ minLength: 1 }).map((name) => `file:///w/${name}`),
    recordCount: count,
    sizeBytes: count,
    columnSizes: counts.map((pairs) => new Map(pairs)),
    valueCounts: counts.map((pairs) => new Map(pairs)),
    nullCounts: counts.map((pairs) => new Map(pairs)),
    lowerBounds: bounds.map((pairs) => new Map(pairs)),
    upperBounds: bounds.map((pairs) => new Map(pairs)),
  }),
});

describe('manifests', () => {
  it('keep the identity of an object in place, and are read where earlier versions wrote none', () => {
    const [made] = fc.sample(entry, { numRuns: 1, seed: 1 });
    if (made === undefined) throw new Error('no sample');
    const entries = [{ ...made, file: { ...made.file, sourceIdentity: '7:100:5' } }];
    const bytes = encodeManifest(TYPES, { schema: SCHEMA, content: 'data', entries, sync: SYNC });
    const from = { snapshotId: '9', sequenceNumber: 1 };
    expect(decodeManifest(TYPES, bytes, from)[0]?.file.sourceIdentity).toBe('7:100:5');
    const { metadata, records } = decodeAvroFile(TYPES, bytes);
    const schema = JSON.parse(metadata.get('avro.schema') ?? '');
    const { fields } = schema.fields.at(-1).type;
    expect(fields.pop().name).toBe('source_identity');
    const earlier = encodeAvroFile(TYPES, {
      schemaText: JSON.stringify(schema),
      records,
      metadata: {},
      sync: SYNC,
    });
    const [read] = decodeManifest(TYPES, earlier, from);
    expect(read?.file.location).toBe(made.file.location);
    expect(read?.file).not.toHaveProperty('sourceIdentity');
  });

  it('read back every entry, added ones with the list’s sequence number', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 20 }), fc.nat(), (entries, sequenceNumber) => {
        const bytes = encodeManifest(TYPES, { schema: SCHEMA, content: 'data', entries, sync: SYNC });
        const read = decodeManifest(TYPES, bytes, { snapshotId: '9', sequenceNumber });
        const expected = entries.map((one) =>
          one.status === 1 ? { ...one, sequenceNumber, fileSequenceNumber: sequenceNumber } : one,
        );
        expect(comparable(read)).toEqual(comparable(expected));
      }),
    );
  });

  it('are read the same by another Avro reader, header and field ids included', async () => {
    const entries = fc.sample(entry, 5);
    const bytes = encodeManifest(TYPES, { schema: SCHEMA, content: 'data', entries, sync: SYNC });
    const reader = { view: new DataView(Uint8Array.from(bytes).buffer), offset: 0 };
    const { metadata, syncMarker } = await avroMetadata(reader);
    expect(metadata).toMatchObject({ 'format-version': '2', content: 'data', 'schema-id': '3' });
    const schema = metadata['avro.schema'];
    const fields = (typeof schema === 'string' ? JSON.parse(schema) : schema).fields;
    expect(fields.map((field: { 'field-id': number }) => field['field-id'])).toEqual([0, 1, 3, 4, 2]);
    const records = await avroRead({ reader, metadata, syncMarker });
    expect(records.map((one) => one.status)).toEqual(entries.map((one) => one.status));
    const paths = records.map((one) => (one.data_file as { file_path: string }).file_path);
    expect(paths).toEqual(entries.map((one) => one.file.location));
  });

  it('refuse a file cut off anywhere but between blocks, which its length in the list finds', () => {
    const bytes = encodeManifest(TYPES, {
      schema: SCHEMA,
      content: 'data',
      entries: fc.sample(entry, 3),
      sync: SYNC,
    });
    const blocks = bytes.indexOf(Buffer.from(SYNC)) + SYNC.length;
    fc.assert(
      fc.property(
        fc.nat(bytes.length - 1).filter((cut) => cut !== blocks),
        (cut) => {
          const inherited = { snapshotId: '1', sequenceNumber: 1 };
          expect(() => decodeManifest(TYPES, bytes.subarray(0, cut), inherited)).toThrow(/damaged/);
        },
      ),
    );
  });

  it('refuse a block that opens to more than a manifest may hold', () => {
    const bytes = encodeManifest(TYPES, {
      schema: SCHEMA,
      content: 'data',
      entries: fc.sample(entry, 1),
      sync: SYNC,
    });
    const { metadata } = decodeAvroFile(TYPES, bytes);
    expect(metadata.get('avro.codec')).toBe('deflate');
    const start = bytes.indexOf(Buffer.from(SYNC)) + 16;
    const bomb = deflateRawSync(Buffer.alloc(65 * 1024 * 1024));
    const block = Buffer.concat([
      bytes.subarray(0, start),
      varint(1),
      varint(bomb.length),
      bomb,
      Buffer.from(SYNC),
    ]);
    expect(() => decodeAvroFile(TYPES, block)).toThrow(/damaged/);
  });
});

describe('manifest lists', () => {
  it('read back what was written, with the least sequence number of live files', () => {
    fc.assert(
      fc.property(
        fc.array(entry, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 2 ** 31 }),
        snapshotId,
        (entries, sequenceNumber, id) => {
          const listed = manifestListEntry({
            location: 'file:///w/m.avro',
            sizeBytes: 10,
            content: 'data',
            sequenceNumber,
            snapshotId: id,
            entries,
          });
          const bytes = encodeManifestList(TYPES, {
            snapshotId: id,
            parentSnapshotId: null,
            sequenceNumber,
            manifests: [listed],
            sync: SYNC,
          });
          expect(decodeManifestList(TYPES, bytes)).toEqual([listed]);
          const live = entries.filter((one) => one.status !== 2);
          for (const one of live) {
            expect(listed.minSequenceNumber).toBeLessThanOrEqual(
              one.status === 1 ? sequenceNumber : one.sequenceNumber,
            );
          }
        },
      ),
    );
  });

  it('are a readable file also without a manifest', () => {
    const bytes = encodeManifestList(TYPES, {
      snapshotId: '1',
      parentSnapshotId: null,
      sequenceNumber: 1,
      manifests: [],
      sync: SYNC,
    });
    expect(decodeManifestList(TYPES, bytes)).toEqual([]);
  });
});

function comparable(entries: readonly ManifestEntry[]) {
  return entries.map(({ file, ...rest }) => ({
    ...rest,
    ...file,
    lowerBounds: Array.from(file.lowerBounds, ([id, value]) => [id, Buffer.from(value).toString('hex')]),
    upperBounds: Array.from(file.upperBounds, ([id, value]) => [id, Buffer.from(value).toString('hex')]),
  }));
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value * 2;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}

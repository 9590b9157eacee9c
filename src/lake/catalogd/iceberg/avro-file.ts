import { deflateRawSync, inflateRawSync, zstdDecompressSync } from 'node:zlib';
import avro from 'avsc';
import { damagedMetadata } from '../errors.ts';

/**
 * Avro object container files over avsc's types (Avro 1.11, "Object Container Files"). The container is written here
 * and not by avsc's BlockEncoder: that one writes no header for a file without records, and works as a stream where
 * a manifest is a value of a few kilobytes. Longs are bigints, so that no id or count is rounded.
 */
export interface AvroSchema {
  /** As written into the header, `field-id` attributes included. */
  readonly text: string;
  readonly type: avro.Type;
}

export function avroSchema(definition: unknown): AvroSchema {
  return { text: JSON.stringify(definition), type: typeFor(definition) };
}

const MAGIC = Buffer.from('Obj\u0001', 'latin1');
const SYNC_BYTES = 16;
/** A block is closed once its records have this size. */
const BLOCK_BYTES = 1024 * 1024;
/** A block that opens to more than this is no writer's: it is a bomb or damage (K-15). */
const MAX_BLOCK_BYTES = 64 * 1024 * 1024;

/** Writes the records as one file. `sync` is the file's 16-byte marker. */
export function encodeAvroFile(
  schema: AvroSchema,
  records: readonly unknown[],
  metadata: Readonly<Record<string, string>>,
  sync: Uint8Array,
): Buffer {
  const entries = { ...metadata, 'avro.schema': schema.text, 'avro.codec': 'deflate' };
  const header = Object.fromEntries(Object.entries(entries).map(([key, text]) => [key, Buffer.from(text)]));
  const parts: Buffer[] = [MAGIC, metadataType().toBuffer(header), Buffer.from(sync)];
  let block: Buffer[] = [];
  let blockBytes = 0;
  const closeBlock = () => {
    const body = deflateRawSync(Buffer.concat(block));
    parts.push(encodeLong(block.length), encodeLong(body.length), body, Buffer.from(sync));
    block = [];
    blockBytes = 0;
  };
  for (const record of records) {
    const bytes = schema.type.toBuffer(record);
    block.push(bytes);
    blockBytes += bytes.length;
    if (blockBytes >= BLOCK_BYTES) closeBlock();
  }
  if (block.length > 0) closeBlock();
  return Buffer.concat(parts);
}

export interface AvroFile {
  readonly metadata: ReadonlyMap<string, string>;
  readonly records: readonly Readonly<Record<string, unknown>>[];
}

/** Reads a whole file, in the schema it was written with. Throws `catalog.metadata_damaged`. */
export function decodeAvroFile(bytes: Buffer): AvroFile {
  try {
    return decode(bytes);
  } catch (cause) {
    throw damagedMetadata('a manifest is no readable Avro file', cause);
  }
}

function decode(bytes: Buffer): AvroFile {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('no Avro magic');
  const header = metadataType().decode(bytes, MAGIC.length);
  if (header.offset < 0) throw new Error('header cut off');
  const metadata = new Map(
    Object.entries(header.value as Record<string, Buffer>).map(([key, text]) => [key, text.toString('utf8')]),
  );
  const type = typeFor(JSON.parse(metadata.get('avro.schema') ?? 'null'));
  const sync = bytes.subarray(header.offset, header.offset + SYNC_BYTES);
  const records: Readonly<Record<string, unknown>>[] = [];
  let position = header.offset + SYNC_BYTES;
  while (position < bytes.length) {
    const count = decodeLong(bytes, position);
    const size = decodeLong(bytes, count.next);
    const end = size.next + size.value;
    const body = decompress(metadata.get('avro.codec') ?? 'null', bytes.subarray(size.next, end));
    let offset = 0;
    for (let index = 0; index < count.value; index++) {
      const record = type.decode(body, offset);
      if (record.offset < 0) throw new Error('block cut off');
      records.push(record.value);
      offset = record.offset;
    }
    if (!bytes.subarray(end, end + SYNC_BYTES).equals(sync)) throw new Error('sync marker missing');
    position = end + SYNC_BYTES;
  }
  return { metadata, records };
}

function decompress(codec: string, body: Buffer): Buffer {
  if (codec === 'null') return body;
  if (codec === 'deflate') return inflateRawSync(body, { maxOutputLength: MAX_BLOCK_BYTES });
  if (codec === 'zstandard') return zstdDecompressSync(body, { maxOutputLength: MAX_BLOCK_BYTES });
  throw new Error(`codec ${codec}`);
}

function metadataType(): avro.Type {
  return avro.Type.forSchema({ type: 'map', values: 'bytes' });
}

/** avsc's own long is a JavaScript number and refuses what it cannot hold; this one is a bigint. */
function typeFor(definition: unknown): avro.Type {
  const long = avro.types.LongType.__with({
    fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
    toBuffer: (value: bigint) => {
      const buffer = Buffer.alloc(8);
      buffer.writeBigInt64LE(value);
      return buffer;
    },
    fromJSON: BigInt,
    toJSON: String,
    isValid: (value: unknown) => typeof value === 'bigint',
    compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
  });
  return avro.Type.forSchema(definition as Parameters<typeof avro.Type.forSchema>[0], {
    registry: { long },
    wrapUnions: 'never',
    omitRecordMethods: true,
  });
}

/** Zig-zag variable-length long (Avro, "Binary encoding"). */
function encodeLong(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = BigInt(value) << 1n; ; rest >>= 7n) {
    if (rest < 0x80n) {
      bytes.push(Number(rest));
      return Buffer.from(bytes);
    }
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
}

function decodeLong(bytes: Buffer, position: number): { value: number; next: number } {
  let value = 0n;
  for (let index = 0; index < 10; index++) {
    const byte = bytes[position + index];
    if (byte === undefined) break;
    value |= BigInt(byte & 0x7f) << BigInt(7 * index);
    if (byte < 0x80) {
      const decoded = Number((value >> 1n) ^ -(value & 1n));
      if (decoded < 0) break;
      return { value: decoded, next: position + index + 1 };
    }
  }
  throw new Error('length cut off');
}

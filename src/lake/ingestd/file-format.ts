import { extname } from 'node:path';
import { LakeError } from '../../base/index.ts';
import { ingestErrors } from './errors.ts';

export const FILE_FORMATS = ['csv', 'tsv', 'ndjson', 'json', 'parquet'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

/** What a file is by its first bytes. `text` still has to be told apart. */
export type ContentKind =
  | { readonly kind: 'parquet' | 'gzip' | 'json_array' | 'json_object' | 'text' | 'empty' }
  | { readonly kind: 'utf16'; readonly encoding: 'utf-16le' | 'utf-16be' }
  /** Something that is not ingested, by its name for people. */
  | { readonly kind: 'other'; readonly name: string };

const MAGIC: readonly (readonly [bytes: string, name: string])[] = [
  ['504b0304', 'a ZIP archive or an office document (xlsx, docx)'],
  ['504b0506', 'a ZIP archive'],
  ['d0cf11e0', 'an old office document (xls, doc)'],
  ['28b52ffd', 'Zstandard-compressed'],
  ['425a68', 'bzip2-compressed'],
  ['fd377a585a00', 'xz-compressed'],
  ['04224d18', 'LZ4-compressed'],
  ['4152524f5731', 'an Arrow file'],
  ['4f626a01', 'an Avro file'],
  ['4f5243', 'an ORC file'],
  ['53514c69746520666f726d6174203300', 'an SQLite database'],
  ['25504446', 'a PDF document'],
  ['89504e47', 'a PNG image'],
  ['ffd8ff', 'a JPEG image'],
  ['47494638', 'a GIF image'],
  ['7f454c46', 'a program'],
  ['4d5a', 'a program'],
  ['894844460d0a1a0a', 'an HDF5 file'],
  ['ffffffff', 'an Arrow stream'],
];

/** Tells a file by its first bytes, never by its name. */
export function contentKindOf(head: Buffer): ContentKind {
  if (head.length === 0) return { kind: 'empty' };
  if (head.subarray(0, 4).equals(Buffer.from('PAR1'))) return { kind: 'parquet' };
  if (head[0] === 0x1f && head[1] === 0x8b) return { kind: 'gzip' };
  if (head[0] === 0xff && head[1] === 0xfe && !(head[2] === 0 && head[3] === 0))
    return { kind: 'utf16', encoding: 'utf-16le' };
  if (head[0] === 0xfe && head[1] === 0xff) return { kind: 'utf16', encoding: 'utf-16be' };
  for (const [bytes, name] of MAGIC) {
    const magic = Buffer.from(bytes, 'hex');
    // Two letters can begin a text too; a program has zero bytes soon after.
    if (head.subarray(0, magic.length).equals(magic) && (magic.length > 3 || head.includes(0)))
      return { kind: 'other', name };
  }
  if (head.includes(0)) return { kind: 'other', name: 'a binary file' };
  return textKindOf(head.toString('utf8').replace(/^\ufeff/, ''));
}

function textKindOf(text: string): ContentKind {
  const trimmed = text.trimStart();
  if (trimmed === '') return { kind: 'empty' };
  if (trimmed.startsWith('[') && /^\[\s*(?:[[{"\]\d-]|true|false|null|$)/.test(trimmed))
    return { kind: 'json_array' };
  // A CSV header may begin with a brace only in quotes; `{` and then a quoted name or the end is an object.
  if (/^\{\s*(?:"|\}|$)/.test(trimmed)) return { kind: 'json_object' };
  return { kind: 'text' };
}

const EXTENSIONS: Readonly<Record<string, FileFormat>> = {
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.tab': 'tsv',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.json': 'json',
  '.parquet': 'parquet',
  '.pq': 'parquet',
};

const MEDIA_TYPES: Readonly<Record<string, FileFormat>> = {
  'text/csv': 'csv',
  'text/tab-separated-values': 'tsv',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
  'application/json': 'json',
  'application/vnd.apache.parquet': 'parquet',
};

/** The format that the caller claims: said outright, by the name's extension (`.gz` left off), or by the media type. */
export function claimedFormat(claims: {
  format: FileFormat | null;
  fileName: string | null;
  contentType: string | null;
}): FileFormat | null {
  if (claims.format !== null) return claims.format;
  const name = (claims.fileName ?? '').toLowerCase().replace(/\.gz$/, '');
  const byName = EXTENSIONS[extname(name)];
  if (byName !== undefined) return byName;
  const mediaType = (claims.contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  return Object.hasOwn(MEDIA_TYPES, mediaType) ? (MEDIA_TYPES[mediaType] ?? null) : null;
}

/**
 * The format to read: what the content is, held against the claim. Throws `ingest.content_mismatch` and
 * `ingest.unsupported_format`.
 */
export function settleFormat(claimed: FileFormat | null, kind: ContentKind): FileFormat {
  switch (kind.kind) {
    case 'parquet':
      return agreed(claimed, ['parquet'], 'a Parquet file');
    case 'json_array':
      return agreed(claimed, ['json'], 'a JSON array');
    case 'json_object':
      return agreed(claimed, ['ndjson', 'json'], 'JSON objects') === 'json' ? 'json' : 'ndjson';
    case 'text':
      return agreed(claimed, ['csv', 'tsv'], 'text without JSON');
    case 'other':
      throw new LakeError(
        claimed === null ? ingestErrors.unsupported_format : ingestErrors.content_mismatch,
        {
          detail:
            claimed === null
              ? `The content is ${kind.name}, which cannot be ingested.`
              : `The file claims to be ${claimed}, but its content is ${kind.name}.`,
        },
      );
    default:
      throw new Error(`a ${kind.kind} file has no format of its own`);
  }
}

function agreed(
  claimed: FileFormat | null,
  possible: readonly [FileFormat, ...FileFormat[]],
  name: string,
): FileFormat {
  if (claimed === null) return possible[0];
  if (possible.includes(claimed)) return claimed;
  throw new LakeError(ingestErrors.content_mismatch, {
    detail: `The file claims to be ${claimed}, but its content is ${name}.`,
  });
}

import { isUtf8 } from 'node:buffer';

/** A row that was not taken, as it is kept in the quarantine: one JSON object per line. */
export interface RejectedRow {
  readonly line: number;
  readonly column: string | null;
  readonly reason: string;
  readonly bytes: Uint8Array;
}

/** The stored line. Bytes that are not UTF-8 are kept in base64 beside a readable form. */
export function rejectedLine(row: RejectedRow): string {
  const raw = Buffer.from(row.bytes.buffer, row.bytes.byteOffset, row.bytes.byteLength);
  const { line, column, reason } = row;
  const exact = isUtf8(raw) ? {} : { raw_base64: raw.toString('base64') };
  return `${JSON.stringify({ line, column, reason, raw: raw.toString('utf8'), ...exact })}\n`;
}

import { isUtf8 } from 'node:buffer';

/** Where and why a row was not taken, as a caller may hear it: nothing of the row itself. */
export interface Rejection {
  readonly line: number;
  readonly column: string | null;
  readonly reason: string;
}

/** A row that was not taken, as it is kept in the quarantine: one JSON object per line. */
export interface RejectedRow extends Rejection {
  readonly bytes: Uint8Array;
}

/** `line 3, column "pay": not a whole number`. */
export function describeRejection({ line, column, reason }: Rejection): string {
  return `line ${line}${column === null ? '' : `, column ${JSON.stringify(column)}`}: ${reason}`;
}

/** The stored line. Bytes that are not UTF-8 are kept in base64 beside a readable form. */
export function rejectedLine(row: RejectedRow): string {
  const raw = Buffer.from(row.bytes.buffer, row.bytes.byteOffset, row.bytes.byteLength);
  const { line, column, reason } = row;
  const exact = isUtf8(raw) ? {} : { raw_base64: raw.toString('base64') };
  return `${JSON.stringify({ line, column, reason, raw: raw.toString('utf8'), ...exact })}\n`;
}

import type { IcebergType } from '../catalogd/index.ts';
import type { Rejection } from './rejected-row.ts';

/** A file as rows and columns: what the engine reads, and how each column comes out of it. */
export interface FileTable {
  /** Iceberg columns of the file in its order; field ids inside are 0. */
  readonly columns: readonly { readonly name: string; readonly type: IcebergType }[];
  /** The only file the engine reads. */
  readonly path: string;
  /** What stands behind FROM. */
  readonly source: string;
  /** SQL of one column in the engine's type, failing on what would be lost. */
  expression(index: number, engineType: string): string;
  /** Rows that must come out of it, counted without the engine; another number is a row lost or made up. */
  readonly expectedRows: number;
  readonly rejectedRows: number;
  /** The first of them; no values. */
  readonly rejections: readonly Rejection[];
  /** Name of the object in `quarantine`; null where nothing was rejected. */
  readonly quarantineName: string | null;
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

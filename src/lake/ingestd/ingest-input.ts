import { z } from 'zod';
import { FILE_FORMATS } from './file-format.ts';

/** What comes with a file. */
export const ingestInput = z.strictObject({
  dataset: z.string().min(1).max(128).describe('Name of the dataset, `candidates` or `sales.orders`.'),
  mode: z
    .enum(['create', 'append', 'replace'])
    .default('append')
    .describe('`append` and `replace` make the dataset where it is not there; `create` refuses one that is.'),
  on_error: z
    .enum(['abort', 'quarantine'])
    .default('abort')
    .describe('`abort` takes all rows or none; `quarantine` sets rows aside that do not fit.'),
  format: z.enum(FILE_FORMATS).optional().describe('Format of the content; found out where not given.'),
  delimiter: z
    .enum([',', ';', '|', '\t', 'tab'])
    .optional()
    .describe('What separates the fields of CSV; found out where not given.'),
  header: z
    .boolean()
    .optional()
    .describe('Whether the first row of CSV names the columns; found out where not given.'),
  description: z.string().max(2_000).optional().describe('What the dataset holds, for people.'),
  file_name: z
    .string()
    .max(1_024)
    .optional()
    .describe('Name of the file; its extension says what it should be.'),
  content_type: z.string().max(255).optional().describe('Media type of the content.'),
  content_encoding: z
    .string()
    .max(64)
    .optional()
    .describe('`gzip`; compressed content is also recognised without it.'),
});
export type IngestInput = z.infer<typeof ingestInput>;

export const ingestOutput = z.strictObject({
  dataset: z.string(),
  dataset_id: z.string(),
  ingest_id: z.string(),
  snapshot_id: z.string().nullable(),
  row_count: z.int(),
  rejected_count: z.int(),
  duplicate: z.boolean(),
  effect: z
    .enum(['created', 'appended', 'replaced', 'restored', 'unchanged'])
    .describe(
      'What became of the dataset; `unchanged` for a duplicate, `restored` where the file that held the same rows was gone from ' +
        'the disk and this one takes its place.',
    ),
  rows_before: z
    .int()
    .nullable()
    .describe(
      'Rows the dataset had before; null where you may not count them (no right to read, or a row filter applies to you), and for a duplicate.',
    ),
  column_changes: z
    .array(
      z.strictObject({
        kind: z
          .enum(['added', 'widened', 'removed', 'filled_with_null'])
          .describe(
            'Earlier rows hold null in an `added` column. `removed` by a replacement alone. `filled_with_null`: the file ' +
              'lacks the column, which stays, and the appended rows hold null in it.',
          ),
        column: z.string().describe('Name, with dots for a member: `address.zip`.'),
        from: z.string().nullable().describe('Type before; null for an added column.'),
        to: z.string().nullable().describe('Type since; null for a removed column.'),
      }),
    )
    .describe(
      'What this ingest did to the columns of a dataset that was there, and which of them its rows lack.',
    ),
  columns: z.array(
    z.strictObject({
      name: z.string(),
      type: z.string(),
      tags: z
        .array(z.string())
        .describe('Of the column and of what is inside it; describing the dataset names each member.'),
    }),
  ),
  suspected_columns: z
    .array(z.string())
    .describe('Columns and members that look like personal data, not surely enough to be tagged.'),
  /** Null for a duplicate: nothing changed. */
  journal_event_id: z.string().nullable(),
});
export type IngestOutput = z.infer<typeof ingestOutput>;

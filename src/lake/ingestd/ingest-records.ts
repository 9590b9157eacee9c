import { canonicalJson, type JsonObject, type Statement, sha256Hex } from '../../base/index.ts';
import { type MetastoreReader, statement } from '../../metastore/index.ts';
import type { IngestRow } from '../../metastore/tables/ingest.ts';

/** The guard's refusal where another request took the same content first. */
export const DUPLICATE_CONTENT = 'duplicate_content';

/** Ingests of one content that are looked at; of a file that replaced its dataset more often, the latest. */
const SAME_CONTENT_MAX = 100;

/** The ingests that brought one content into a dataset. */
export interface SameContent {
  /** The last of them, by which the next one is guarded. */
  readonly lastId: string;
  /** Newest first. */
  readonly rows: readonly IngestRow[];
}

/** What the store knows of ingested files. */
export class IngestRecords {
  readonly #reader: MetastoreReader;

  constructor(reader: MetastoreReader) {
    this.#reader = reader;
  }

  /** What brought this content into a dataset before; null where nothing did. */
  async ofContent(datasetId: string, contentKey: string): Promise<SameContent | null> {
    const found = await this.#reader.read(
      this.#reader.queries
        .selectFrom('ingest_contents')
        .innerJoin('ingests', (join) =>
          join
            .onRef('ingests.dataset_id', '=', 'ingest_contents.dataset_id')
            .onRef('ingests.content_key', '=', 'ingest_contents.content_key'),
        )
        .selectAll('ingests')
        .select('ingest_contents.ingest_id as last_id')
        .where('ingest_contents.dataset_id', '=', datasetId)
        .where('ingest_contents.content_key', '=', contentKey)
        .orderBy('ingests.ingest_id', 'desc')
        .limit(SAME_CONTENT_MAX),
    );
    const [newest] = found;
    if (newest === undefined) return null;
    return { lastId: newest.last_id, rows: found.map(({ last_id: _, ...row }) => numbered(row)) };
  }

  async byId(ingestId: string): Promise<IngestRow | null> {
    const [row] = await this.#reader.read(
      this.#reader.queries.selectFrom('ingests').selectAll().where('ingest_id', '=', ingestId),
    );
    return row === undefined ? null : numbered(row);
  }

  /** The latest ingests, of one dataset's name or of all, before an id; newest first. */
  async latest(dataset: string | null, before: string | null, limit: number): Promise<readonly IngestRow[]> {
    let query = this.#reader.queries
      .selectFrom('ingests')
      .selectAll()
      .orderBy('ingest_id', 'desc')
      .limit(limit);
    if (dataset !== null) query = query.where('dataset_name', '=', dataset);
    if (before !== null) query = query.where('ingest_id', '<', before);
    return (await this.#reader.read(query)).map(numbered);
  }

  /** Ids of all ingests, for the sweep at start: files of any other name were never committed. */
  async ids(): Promise<ReadonlySet<string>> {
    const rows = await this.#reader.read(this.#reader.queries.selectFrom('ingests').select('ingest_id'));
    return new Set(rows.map((row) => row.ingest_id));
  }

  /**
   * The statements of one ingest. The content's row is guarded: of two requests with the same content one commits, the
   * other is refused as `duplicate_content` and looks again. It takes the place of the ingest `before` that brought the
   * content when its rows were still there.
   */
  record(row: IngestRow, contentKey: string, before: string | null): readonly Statement[] {
    const { queries } = this.#reader;
    const content = { dataset_id: row.dataset_id, content_key: contentKey, ingest_id: row.ingest_id };
    const taken =
      before === null
        ? queries
            .insertInto('ingest_contents')
            .values(content)
            .onConflict((conflict) => conflict.doNothing())
        : queries
            .updateTable('ingest_contents')
            .set({ ingest_id: row.ingest_id })
            .where('dataset_id', '=', row.dataset_id)
            .where('content_key', '=', contentKey)
            .where('ingest_id', '=', before);
    return [
      statement(taken, { rows: 1, refusal: DUPLICATE_CONTENT }),
      statement(queries.insertInto('ingests').values(row)),
    ];
  }
}

/** Content and the options that decide what rows it becomes. */
export function contentKeyOf(contentSha256: string, options: JsonObject): string {
  return sha256Hex(canonicalJson({ content: contentSha256, options }));
}

/** BIGINT columns may come as text or bigint. */
function numbered(row: IngestRow): IngestRow {
  return {
    ...row,
    source_bytes: Number(row.source_bytes),
    row_count: Number(row.row_count),
    rejected_count: Number(row.rejected_count),
    created_ms: Number(row.created_ms),
  };
}

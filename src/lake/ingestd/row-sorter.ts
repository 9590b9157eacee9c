import { LakeError } from '../../base/index.ts';
import type { ContentWriter, SystemFiles } from '../storaged/index.ts';
import { ingestErrors } from './errors.ts';
import { describeRejection, type RejectedRow, type Rejection, rejectedLine } from './rejected-row.ts';

/** Errors named in one refusal. */
const MAX_NAMED_ERRORS = 20;
const BUFFER_CHARACTERS = 262_144;

/** Where rows go that were read one by one: to a clean copy for the engine, or to the quarantine. */
export interface SortedRows {
  /** Name of the clean copy in `work`. */
  readonly cleanName: string;
  readonly acceptedRows: number;
  readonly rejectedRows: number;
  /** The first of them. */
  readonly rejections: readonly Rejection[];
  /** No accepted row is longer. */
  readonly longestRowBytes: number;
  /** Name of the object in `quarantine`; null where nothing was rejected. */
  readonly quarantineName: string | null;
}

/**
 * Takes rows one by one. With `abort` the first rejected rows are gathered and thrown together at the end; with
 * `quarantine` they are written away with line and reason.
 */
export class RowSorter {
  readonly #clean: BufferedWriter;
  readonly #quarantine: LazyWriter;
  readonly #onError: 'abort' | 'quarantine';
  readonly #errors: Rejection[] = [];
  readonly #cleanName: string;
  #accepted = 0;
  #rejected = 0;
  #longestCharacters = 0;

  private constructor(parts: {
    clean: ContentWriter;
    cleanName: string;
    quarantine: LazyWriter;
    onError: 'abort' | 'quarantine';
  }) {
    this.#clean = new BufferedWriter(parts.clean);
    this.#cleanName = parts.cleanName;
    this.#quarantine = parts.quarantine;
    this.#onError = parts.onError;
  }

  static async open(
    files: SystemFiles,
    request: { id: string; onError: 'abort' | 'quarantine'; maxBytes: number },
  ): Promise<RowSorter> {
    const limits = { maxBytes: request.maxBytes * 2 + 1_048_576, maxBytesKey: 'ingest.max_bytes' };
    const cleanName = `${request.id}.clean`;
    const clean = await files.create('work', cleanName, limits);
    const quarantine = new LazyWriter(() => files.create('quarantine', request.id, limits), request.id);
    return new RowSorter({ clean, cleanName, quarantine, onError: request.onError });
  }

  async accept(text: string): Promise<void> {
    this.#accepted++;
    if (text.length > this.#longestCharacters) this.#longestCharacters = text.length;
    await this.#clean.write(text);
  }

  /** Writes a line that is no row: a header. */
  async begin(text: string): Promise<void> {
    await this.#clean.write(text);
  }

  async reject(row: RejectedRow): Promise<void> {
    this.#rejected++;
    const { line, column, reason } = row;
    if (this.#errors.length < MAX_NAMED_ERRORS) this.#errors.push({ line, column, reason });
    if (this.#onError === 'quarantine') await this.#quarantine.write(rejectedLine(row));
  }

  /** Throws `ingest.rejected_rows` (abort) and `ingest.all_rejected`. */
  async finish(): Promise<SortedRows> {
    if (this.#rejected > 0 && this.#onError === 'abort') throw rejectedRows(this.#errors, this.#rejected);
    if (this.#rejected > 0 && this.#accepted === 0) {
      throw new LakeError(ingestErrors.all_rejected, {
        detail: `All ${this.#rejected} rows were refused; the first: ${firstOf(this.#errors)}.`,
        data: { errors: this.#errors, rejected_count: this.#rejected },
      });
    }
    await this.#clean.finish();
    return {
      cleanName: this.#cleanName,
      acceptedRows: this.#accepted,
      rejectedRows: this.#rejected,
      rejections: this.#errors,
      longestRowBytes: this.#longestCharacters * 3,
      quarantineName: await this.#quarantine.finish(),
    };
  }

  async abandon(): Promise<void> {
    await this.#clean.abandon();
    await this.#quarantine.abandon();
  }
}

function rejectedRows(errors: readonly Rejection[], count: number): LakeError {
  return new LakeError(ingestErrors.rejected_rows, {
    detail:
      `${count === 1 ? 'One row does' : `${count} rows do`} not fit; the first: ${firstOf(errors)}. ` +
      'Nothing was kept. Correct the file, or send it with on_error=quarantine.',
    data: { errors: [...errors], rejected_count: count },
  });
}

function firstOf([first]: readonly Rejection[]): string {
  return first === undefined ? 'unknown' : describeRejection(first);
}

class BufferedWriter {
  readonly #writer: ContentWriter;
  #text: string[] = [];
  #characters = 0;

  constructor(writer: ContentWriter) {
    this.#writer = writer;
  }

  async write(text: string): Promise<void> {
    this.#text.push(text);
    this.#characters += text.length;
    if (this.#characters >= BUFFER_CHARACTERS) await this.#flush();
  }

  async finish(): Promise<void> {
    await this.#flush();
    await this.#writer.finish();
  }

  abandon(): Promise<void> {
    return this.#writer.abandon();
  }

  async #flush(): Promise<void> {
    if (this.#characters === 0) return;
    const bytes = Buffer.from(this.#text.join(''));
    this.#text = [];
    this.#characters = 0;
    await this.#writer.write(bytes);
  }
}

/** A file that is made with its first line. */
class LazyWriter {
  readonly #create: () => Promise<ContentWriter>;
  readonly #name: string;
  #writer: BufferedWriter | null = null;

  constructor(create: () => Promise<ContentWriter>, name: string) {
    this.#create = create;
    this.#name = name;
  }

  async write(text: string): Promise<void> {
    this.#writer ??= new BufferedWriter(await this.#create());
    await this.#writer.write(text);
  }

  async finish(): Promise<string | null> {
    if (this.#writer === null) return null;
    await this.#writer.finish();
    return this.#name;
  }

  async abandon(): Promise<void> {
    await this.#writer?.abandon();
  }
}

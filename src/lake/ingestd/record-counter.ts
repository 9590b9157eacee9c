const QUOTE = 0x22;
const LF = 0x0a;
const CR = 0x0d;

/**
 * Counts the records of delimited text as its bytes go by: lines outside quotes that are not empty. It is a second
 * opinion, independent of the engine's parser: a file of which the engine reads another number of rows is read again
 * row by row, so that no row is ever lost in silence. Where quotes are not in pairs the count is wrong, and that
 * only costs the slower reading.
 */
export class RecordCounter {
  #records = 0;
  #inQuotes = false;
  /** Whether the record in progress has bytes in earlier chunks. */
  #hasContent = false;

  push(bytes: Uint8Array): void {
    let records = 0;
    let inQuotes = this.#inQuotes;
    let hasContent = this.#hasContent;
    let start = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      // Nearly every byte of a file is above the quote.
      if (byte > QUOTE) continue;
      if (byte === QUOTE) inQuotes = !inQuotes;
      else if ((byte === LF || byte === CR) && !inQuotes) {
        if (hasContent || at > start) records++;
        hasContent = false;
        start = at + 1;
      }
    }
    this.#records += records;
    this.#inQuotes = inQuotes;
    this.#hasContent = hasContent || start < bytes.length;
  }

  records(): number {
    return this.#records + (this.#hasContent ? 1 : 0);
  }
}

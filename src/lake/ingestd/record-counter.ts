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
  /** Bytes that the record in progress has in earlier chunks. */
  #carriedBytes = 0;
  #longestBytes = 0;

  push(bytes: Uint8Array): void {
    const words = wordsOf(bytes);
    let records = 0;
    let inQuotes = this.#inQuotes;
    let carried = this.#carriedBytes;
    let start = 0;
    for (let at = 0; at < bytes.length; at++) {
      // Nearly every byte of a file is above the quote, so four are looked at together.
      if ((at & 3) === words.offset) {
        let word = (at - words.offset) >> 2;
        while (word < words.whole.length && !hasLowByte(words.whole[word] ?? 0)) word++;
        at = words.offset + (word << 2);
        if (at >= bytes.length) break;
      }
      const byte = bytes[at] ?? 0;
      if (byte > QUOTE) continue;
      if (byte === QUOTE) inQuotes = !inQuotes;
      else if ((byte === LF || byte === CR) && !inQuotes) {
        const size = carried + at - start;
        if (size > 0) records++;
        if (size > this.#longestBytes) this.#longestBytes = size;
        carried = 0;
        start = at + 1;
      }
    }
    this.#records += records;
    this.#inQuotes = inQuotes;
    this.#carriedBytes = carried + bytes.length - start;
  }

  records(): number {
    return this.#records + (this.#carriedBytes > 0 ? 1 : 0);
  }

  /** Size of the longest record: the engine's buffers are made to fit it, not the largest that is allowed. */
  longestBytes(): number {
    return Math.max(this.#longestBytes, this.#carriedBytes);
  }
}

/** The bytes as words of four, from the first that memory aligns; the bytes before and behind are in none. */
function wordsOf(bytes: Uint8Array): { readonly whole: Uint32Array; readonly offset: number } {
  const offset = -bytes.byteOffset & 3;
  const count = (bytes.length - offset) >> 2;
  if (count <= 0) return { whole: new Uint32Array(0), offset };
  return { whole: new Uint32Array(bytes.buffer, bytes.byteOffset + offset, count), offset };
}

/** Whether one of four bytes may be a quote or lower: a borrow of the subtraction reaches its highest bit. */
function hasLowByte(word: number): boolean {
  return ((word - 0x23232323) & ~word & 0x80808080) !== 0;
}

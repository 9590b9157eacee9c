/** An engine type in text, read: what `DESCRIBE` and result columns print. */
export type DuckdbType =
  | { readonly kind: 'simple'; readonly name: string }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'list'; readonly element: DuckdbType }
  | { readonly kind: 'map'; readonly key: DuckdbType; readonly value: DuckdbType }
  | {
      readonly kind: 'struct';
      readonly fields: readonly { readonly name: string; readonly type: DuckdbType }[];
    };

/** Nesting beyond this is refused: it is not data, and recursion has an end. */
const MAX_DEPTH = 64;

/** Reads a type's text; null for one that is not well formed or of no kind known here (UNION). */
export function parseDuckdbType(text: string): DuckdbType | null {
  const reader = new TypeReader(text);
  const type = reader.readType(0);
  return type !== null && reader.atEnd() ? type : null;
}

class TypeReader {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    this.#skipBlanks();
    return this.#position >= this.#text.length;
  }

  readType(depth: number): DuckdbType | null {
    if (depth > MAX_DEPTH) return null;
    let type = this.#readUnsuffixed(depth);
    // `T[]` is a list, `T[3]` an array of fixed length; Iceberg has lists alone.
    for (
      let suffix = this.#match(/\[\d*\]/y);
      suffix !== null && type !== null;
      suffix = this.#match(/\[\d*\]/y)
    ) {
      type = { kind: 'list', element: type };
    }
    return type;
  }

  #readUnsuffixed(depth: number): DuckdbType | null {
    if (this.#match(/STRUCT\s*\(/iy) !== null) return this.#readStruct(depth);
    if (this.#match(/MAP\s*\(/iy) !== null) return this.#readMap(depth);
    if (this.#match(/ENUM\s*\(/iy) !== null) return this.#skipEnum();
    const decimal = this.#match(/(?:DECIMAL|NUMERIC)\s*\(\s*(\d+)\s*,\s*(\d+)\s*\)/iy);
    if (decimal !== null) {
      return { kind: 'decimal', precision: Number(decimal[1]), scale: Number(decimal[2]) };
    }
    const name = this.#match(/"NULL"|[A-Z_][A-Z0-9_]*(?: WITH TIME ZONE)?/iy);
    if (name === null || this.#match(/\(/y) !== null) return null;
    return { kind: 'simple', name: name[0].toUpperCase() };
  }

  #readStruct(depth: number): DuckdbType | null {
    const fields: { name: string; type: DuckdbType }[] = [];
    do {
      const name = this.#readName();
      const type = name === null ? null : this.readType(depth + 1);
      if (name === null || type === null) return null;
      fields.push({ name, type });
    } while (this.#match(/,/y) !== null);
    return this.#match(/\)/y) === null ? null : { kind: 'struct', fields };
  }

  #readMap(depth: number): DuckdbType | null {
    const key = this.readType(depth + 1);
    if (key === null || this.#match(/,/y) === null) return null;
    const value = this.readType(depth + 1);
    if (value === null || this.#match(/\)/y) === null) return null;
    return { kind: 'map', key, value };
  }

  #skipEnum(): DuckdbType | null {
    do {
      if (this.#match(/'(?:[^']|'')*'/y) === null) return null;
    } while (this.#match(/,/y) !== null);
    return this.#match(/\)/y) === null ? null : { kind: 'simple', name: 'ENUM' };
  }

  #readName(): string | null {
    const quoted = this.#match(/"((?:[^"]|"")*)"/y);
    if (quoted !== null) return (quoted[1] ?? '').replaceAll('""', '"');
    return this.#match(/[A-Z_][A-Z0-9_$]*/iy)?.[0] ?? null;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    this.#skipBlanks();
    pattern.lastIndex = this.#position;
    const found = pattern.exec(this.#text);
    if (found !== null) this.#position = pattern.lastIndex;
    return found;
  }

  #skipBlanks(): void {
    while (this.#text[this.#position] === ' ') this.#position++;
  }
}

/** Where each key of a TOML document stands, so that a mistake in a value can be shown with its line. */
export interface TomlLines {
  /** The line (from 1) of the nearest key at or above this path; null for an empty document. */
  lineOf(path: readonly PropertyKey[]): number | null;
  /** The line of exactly this key; null where the document does not write it. */
  ownLineOf(path: readonly PropertyKey[]): number | null;
}

/**
 * Finds the lines of a document that a TOML parser has already accepted: this walk trusts the syntax. A path holds
 * table keys and, for arrays, indexes.
 */
export function tomlLines(text: string): TomlLines {
  const walk = new Walk(text);
  walk.document();
  return {
    lineOf(path) {
      for (let length = path.length; length > 0; length--) {
        const line = walk.lines.get(pathKey(path.slice(0, length)));
        if (line !== undefined) return line;
      }
      return null;
    },
    ownLineOf: (path) => walk.lines.get(pathKey(path)) ?? null,
  };
}

function pathKey(path: readonly PropertyKey[]): string {
  return JSON.stringify(path.map(String));
}

class Walk {
  readonly lines = new Map<string, number>();
  readonly #text: string;
  /** How many elements each array of tables has so far. */
  readonly #tables = new Map<string, number>();
  #at = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    let table: readonly string[] = [];
    for (;;) {
      this.#space();
      if (this.#at >= this.#text.length) return;
      if (this.#text[this.#at] === '[') table = this.#header();
      else this.#member(table);
    }
  }

  #header(): readonly string[] {
    const line = this.#line;
    const many = this.#text[this.#at + 1] === '[';
    this.#skip(many ? 2 : 1);
    const keys = this.#keys();
    this.#skip(many ? 2 : 1);
    let path: readonly string[] = [];
    for (const [index, key] of keys.entries()) {
      path = [...path, key];
      const id = pathKey(path);
      if (many && index === keys.length - 1) {
        this.#note(path, line);
        this.#tables.set(id, (this.#tables.get(id) ?? 0) + 1);
      }
      const count = this.#tables.get(id);
      if (count !== undefined) path = [...path, String(count - 1)];
      this.#note(path, line);
    }
    return path;
  }

  #member(table: readonly string[]): void {
    const line = this.#line;
    let path = table;
    for (const key of this.#keys()) {
      path = [...path, key];
      this.#note(path, line);
    }
    this.#skip(1);
    this.#space();
    this.#value(path);
  }

  #value(path: readonly string[]): void {
    const first = this.#text[this.#at];
    if (first === '"' || first === "'") this.#string(first);
    else if (first === '[') this.#array(path);
    else if (first === '{') this.#inlineTable(path);
    else while (this.#at < this.#text.length && !/[,\]}#\r\n]/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  #array(path: readonly string[]): void {
    this.#skip(1);
    for (let index = 0; ; index++) {
      this.#space();
      if (this.#text[this.#at] === ']' || this.#at >= this.#text.length) break;
      const element = [...path, String(index)];
      this.#note(element, this.#line);
      this.#value(element);
      this.#space();
      if (this.#text[this.#at] === ',') this.#skip(1);
    }
    this.#skip(1);
  }

  #inlineTable(path: readonly string[]): void {
    this.#skip(1);
    for (;;) {
      this.#space();
      if (this.#text[this.#at] === '}' || this.#at >= this.#text.length) break;
      this.#member(path);
      this.#space();
      if (this.#text[this.#at] === ',') this.#skip(1);
    }
    this.#skip(1);
  }

  /** A dotted key, up to the character after it. */
  #keys(): string[] {
    const keys: string[] = [];
    for (;;) {
      this.#space();
      const start = this.#at;
      const first = this.#text[start];
      if (first === '"' || first === "'") {
        this.#string(first);
        const raw = this.#text.slice(start + 1, this.#at - 1);
        keys.push(first === '"' ? unescaped(raw) : raw);
      } else {
        while (/[A-Za-z0-9_-]/.test(this.#text[this.#at] ?? '')) this.#at++;
        keys.push(this.#text.slice(start, this.#at));
      }
      this.#space();
      if (this.#text[this.#at] !== '.') return keys;
      this.#skip(1);
    }
  }

  #string(quote: string): void {
    const long = this.#text.startsWith(quote.repeat(3), this.#at);
    const end = long ? quote.repeat(3) : quote;
    this.#skip(end.length);
    while (this.#at < this.#text.length && !this.#text.startsWith(end, this.#at)) {
      this.#skip(quote === '"' && this.#text[this.#at] === '\\' ? 2 : 1);
    }
    this.#skip(end.length);
    // A long string may end in up to two quotes of its own before the closing three.
    while (long && this.#text[this.#at] === quote) this.#skip(1);
  }

  #space(): void {
    for (;;) {
      const character = this.#text[this.#at];
      if (character === '#') {
        while (this.#at < this.#text.length && this.#text[this.#at] !== '\n') this.#at++;
      } else if (character === ' ' || character === '\t' || character === '\r' || character === '\n') {
        this.#skip(1);
      } else return;
    }
  }

  #skip(count: number): void {
    for (let passed = 0; passed < count; passed++) {
      if (this.#text[this.#at] === '\n') this.#line++;
      this.#at++;
    }
  }

  #note(path: readonly string[], line: number): void {
    const key = pathKey(path);
    if (!this.lines.has(key)) this.lines.set(key, line);
  }
}

function unescaped(raw: string): string {
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch {
    return raw;
  }
}

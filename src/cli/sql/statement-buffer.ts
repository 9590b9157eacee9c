/** Lines typed so far, cut into statements at each `;` that ends one. */
export interface StatementBuffer {
  /** Adds a line; returns the statements it completed, without their semicolons. */
  add(line: string): readonly string[];
  /** Whether a statement has begun. */
  isOpen(): boolean;
  clear(): void;
}

export function createStatementBuffer(): StatementBuffer {
  let text = '';
  return {
    add(line) {
      text += text === '' ? line : `\n${line}`;
      const complete: string[] = [];
      for (let at = endOfStatement(text); at !== null; at = endOfStatement(text)) {
        const statement = text.slice(0, at).trim();
        if (statement !== '') complete.push(statement);
        text = text.slice(at + 1).trimStart();
      }
      return complete;
    },
    isOpen: () => text.trim() !== '',
    clear() {
      text = '';
    },
  };
}

/** What a semicolon inside of does not end a statement: strings, quoted names, comments, dollar quotes. */
const INERT =
  /'(?:[^']|'')*'?|"(?:[^"]|"")*"?|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\$(\w*)\$[\s\S]*?(?:\$\1\$|$)|;/g;

function endOfStatement(text: string): number | null {
  for (const match of text.matchAll(INERT)) {
    if (match[0] === ';') return match.index;
  }
  return null;
}

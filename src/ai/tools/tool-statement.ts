/** What is known of a tool's statement before it is ever run. */
export interface ToolStatement {
  /** Statements in the text; a tool has one. */
  readonly count: number;
  /** Names of its parameters, in lower case as the engine compares them. `?` and `$1` come as numbers. */
  readonly parameters: ReadonlySet<string>;
}

/** Reads the engine's own syntax tree of a statement: text in quotes and comments names no parameter. */
export function readStatement(tree: string): ToolStatement {
  const parameters = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('class' in value && value.class === 'PARAMETER' && 'identifier' in value) {
      parameters.add(String(value.identifier).toLowerCase());
    }
    for (const member of Object.values(value)) visit(member);
  };
  const document: unknown = JSON.parse(tree);
  visit(document);
  const statements =
    typeof document === 'object' && document !== null && 'statements' in document ? document.statements : [];
  return { count: Array.isArray(statements) ? statements.length : 0, parameters };
}

/** The line, from 1, of the file's text in which a parameter is used, at or after the line of the `sql` key. */
export function lineOfParameter(text: string, name: string, sqlLine: number): number {
  const used = new RegExp(`\\$${name}(?![A-Za-z0-9_])`, 'i');
  const at = text.split('\n').findIndex((line, index) => index + 1 >= sqlLine && used.test(line));
  return at < 0 ? sqlLine : at + 1;
}

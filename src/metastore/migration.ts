/**
 * One step of the store's schema. Names sort in the order of application (`0001-journal`); a shipped one is never
 * edited. The SQL is of the part that SQLite and PostgreSQL share, or a function of the dialect where they differ.
 */
export interface Migration {
  readonly name: string;
  readonly statements: readonly string[];
}

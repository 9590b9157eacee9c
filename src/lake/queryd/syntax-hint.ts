import { isLakeError, LakeError } from '../../base/index.ts';
import { lineAndColumn, NO_COLUMNS } from '../engine/index.ts';
import { queryErrors } from './errors.ts';
import { RESERVED_WORDS } from './function-allow-list.generated.ts';

/** Words at which a clause begins or goes on: found in the wrong place, they are more often that than a name. */
const CLAUSES: ReadonlySet<string> = new Set([
  ...['and', 'as', 'from', 'having', 'in', 'not', 'on', 'or', 'select', 'then', 'where', 'with'],
]);

/** A text that ends after an AT clause, and an AS if there is one; times may be calls inside it. */
const AT_CLAUSE = /\bat\s*\([^()]*(?:\([^()]*\)[^()]*)*\)\s*(?:as\s+)?$/iu;
const CLAUSE_CHARACTERS_MAX = 300;

/** A syntax error with what the statement's own text says about it: a place, or a reserved word that may stand for a name. */
export function hintedSyntax(error: unknown, sql: string): unknown {
  if (!isLakeError(error) || error.code !== queryErrors.syntax.code) return error;
  const { position } = error.data;
  if (typeof position !== 'number') return error.detail === NO_COLUMNS ? placed(error, sql) : error;
  if (AT_CLAUSE.test([...sql].slice(0, position).join('').slice(-CLAUSE_CHARACTERS_MAX))) {
    return new LakeError(queryErrors.syntax, {
      detail: `${error.detail} The other name of a table stands before its AT clause: FROM people p AT (…).`,
      data: error.data,
    });
  }
  const words = reservedAround(sql, position);
  if (words.length === 0) return error;
  const named = words.map((word) => JSON.stringify(word)).join(' and ');
  const are = words.length === 1 ? 'is a reserved word' : 'are reserved words';
  return new LakeError(queryErrors.syntax, {
    detail: `${error.detail} ${named} ${are}: where a name is meant, write it in double quotes.`,
    data: error.data,
  });
}

/** The engine gives no place for a SELECT without columns; where there is one SELECT it is that. */
function placed(error: LakeError, sql: string): LakeError {
  const [only, ...others] = sql.matchAll(/\bselect\b/giu);
  if (only === undefined || others.length > 0) return error;
  const before = sql.slice(0, only.index);
  const at = lineAndColumn(sql, Buffer.byteLength(before, 'utf8'));
  return new LakeError(queryErrors.syntax, {
    detail: `${error.detail.replace(/\.$/, '')} (line ${at.line}, column ${at.column}).`,
    data: { ...error.data, ...at, position: [...before].length },
  });
}

/** The word that was refused at a place counted in characters, and the one before it, where either could have been meant as a name. */
function reservedAround(sql: string, position: number): readonly string[] {
  const characters = [...sql];
  const refused = /^\w+/.exec(characters.slice(position).join(''))?.[0];
  if (refused === undefined) return [];
  const before = /(?<![\w"'.])(\w+)\s+$/.exec(characters.slice(0, position).join(''))?.[1];
  return [before, refused].filter(
    (word) =>
      word !== undefined && RESERVED_WORDS.has(word.toLowerCase()) && !CLAUSES.has(word.toLowerCase()),
  ) as string[];
}

import type { EngineValue } from '../engine/index.ts';
import type { SecretNames } from './secret-names.ts';

/** Text that an engine process runs, and the values of parameters that are still in it. */
export interface GovernedSql {
  readonly sql: string;
  readonly parameters: SecretNames['parameters'];
  /** What the columns of the answer depend on; null where that may be more than the text without its values. */
  readonly shape: string | null;
}

/** Longer texts stay parameters: the engine parses what is written, but not what is bound. */
const MAX_WRITTEN_CHARACTERS = 1_000;

/**
 * Puts the values of parameters into the text, as literals of the very types that binding gives them. A statement with
 * parameters is planned once without their values and again with them, each time it is prepared: four times for one
 * streamed answer, against two. The parameters' names are secret, so that what looks like one is one, and never
 * a part of a text that the caller wrote. All of the values stay parameters where one of them has no safe literal.
 */
export function writeValues(sql: string, names: SecretNames): Omit<GovernedSql, 'shape'> {
  const literals = new Map<string, string>();
  for (const [name, value] of Object.entries(names.parameters)) {
    const literal = literalOf(value);
    if (literal === null) return { sql, parameters: parametersIn(sql, names) };
    literals.set(`$${name}`, literal);
  }
  return { sql: sql.replace(names.inText, (name) => literals.get(name) ?? name), parameters: {} };
}

/** A parameter may have gone with the AT clause it stood in; the engine refuses a value for one that is not there. */
function parametersIn(sql: string, names: SecretNames): SecretNames['parameters'] {
  const found = new Set(sql.match(names.inText));
  return Object.fromEntries(Object.entries(names.parameters).filter(([name]) => found.has(`$${name}`)));
}

function literalOf(value: EngineValue): string | null {
  switch (typeof value) {
    case 'string': {
      // The engine takes NUL for the end of the text, whatever follows.
      const isWritable = value.length <= MAX_WRITTEN_CHARACTERS && !value.includes('\0');
      return isWritable ? `'${value.replaceAll("'", "''")}'` : null;
    }
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      return Number.isFinite(value) ? `CAST('${value}' AS ${numberType(value)})` : null;
    case 'bigint':
      return null;
    default:
      return 'NULL';
  }
}

/** As the engine's adapter binds numbers. */
function numberType(value: number): string {
  if (!Number.isSafeInteger(value)) return 'DOUBLE';
  return Math.abs(value) <= 0x7fff_ffff ? 'INTEGER' : 'BIGINT';
}

import { LakeError } from '../../base/index.ts';
import type { AsOf } from '../catalogd/index.ts';
import { constantText } from './constant-text.ts';
import { queryErrors } from './errors.ts';
import type { NamedParameters } from './parameters.ts';
import { place } from './statement-gate.ts';
import { isNode, type SyntaxNode, textOf } from './syntax-tree.ts';

/**
 * Which state `AT (VERSION => n)` or `AT (TIMESTAMP => t)` of a table names. A time without a zone is UTC. Throws
 * `query.version_invalid`.
 */
export function asOfTable(table: SyntaxNode, parameters: NamedParameters, sql: string): AsOf {
  const clause = table.at_clause;
  if (!isNode(clause)) return { kind: 'current' };
  const value = isNode(clause.expr) ? constantText(clause.expr, parameters) : null;
  const unit = textOf(clause, 'unit').toUpperCase();
  if (unit === 'VERSION' && value !== null && /^\d{1,19}$/.test(value)) {
    return { kind: 'snapshot', snapshotId: value };
  }
  const timestampMs = unit === 'TIMESTAMP' && value !== null ? timeOf(value) : Number.NaN;
  if (Number.isFinite(timestampMs)) return { kind: 'timestamp', timestampMs };
  const at = place(table, sql);
  throw new LakeError(queryErrors.version_invalid, {
    detail: `The table${at.text} has an AT clause that names no version: give a snapshot id or a time as a constant.`,
    data: at.data,
  });
}

const TIME =
  /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?))?\s*(Z|[+-]\d{2}(?::?\d{2})?)?$/i;

function timeOf(text: string): number {
  const parts = TIME.exec(text.trim());
  if (parts === null) return Number.NaN;
  const [, date, time = '00:00', zone = 'Z'] = parts;
  const offset = /^[+-]\d{2}$/.test(zone) ? `${zone}:00` : zone;
  return Date.parse(`${date}T${time}${offset}`);
}

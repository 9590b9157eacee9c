import { type Finding, sarifOf } from '../../inspect/index.ts';
import type { Audit } from '../audit.ts';
import type { LedgerRow } from '../claims/claim.ts';

const REMEDY = 'Correct the words, or make the change do what they say.';

/**
 * The contradicted claims as a SARIF 2.1.0 log. A claim of a message stands at a
 * file of its commit, for want of one of its own.
 */
export function auditSarif({ rows, blocking, commits }: Audit, version: string): unknown {
  const files = new Map(commits.map(({ commit, path }) => [commit, path]));
  const contradicted = rows.filter(({ verdict }) => verdict === 'not_backed');
  const kinds = [...new Set(contradicted.map(({ kind }) => kind))].sort();
  return sarifOf(
    contradicted.map((row) => findingOf(row, blocking.includes(row), files.get(row.commit) ?? 'README.md')),
    {
      name: 'lakehouse auditor',
      version,
      root: 'the audited repository',
      rules: kinds.map((kind) => ({
        id: `claim-${kind}`,
        title: `a claim (${kind}) that the change contradicts`,
        remedy: REMEDY,
        severity: 'error',
      })),
    },
  );
}

function findingOf(row: LedgerRow, isBlocking: boolean, changed: string): Finding {
  const isFile = row.document === 'CHANGELOG.md';
  return {
    id: row.id,
    rule: `claim-${row.kind}`,
    severity: isBlocking ? 'error' : 'warning',
    path: isFile ? row.document : changed,
    line: isFile ? row.line : 1,
    symbol: '',
    claim: `Commit ${row.commit.slice(0, 10)} claims ${JSON.stringify(row.claim)}: ${row.evidence}.`,
    remedy: REMEDY,
  };
}

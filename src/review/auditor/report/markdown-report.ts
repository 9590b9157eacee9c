import { markdownCode } from '../../../base/index.ts';
import type { Audit } from '../audit.ts';
import type { LedgerRow } from '../claims/claim.ts';
import { ledgerCounts } from './audit-summary.ts';

/** The ledger as Markdown. Claims and paths come from the audited: they are shown as text and never as markup (K-14). */
export function auditMarkdown(audit: Audit): string {
  const { blocking, commits, rows } = audit;
  const title = blocking.length === 0 ? 'No claim is contradicted' : `${blocking.length} blocking`;
  const lines = [
    `## lakehouse auditor: ${title}`,
    '',
    `${ledgerCounts(audit)}, in ${commits.length} commits.`,
  ];
  if (blocking.length > 0) lines.push('', ...tableOf(blocking));
  const rest = rows.filter((row) => !blocking.includes(row));
  if (rest.length > 0) {
    lines.push('', '<details><summary>The other claims</summary>', '', ...tableOf(rest), '', '</details>');
  }
  return `${lines.join('\n')}\n`;
}

function tableOf(rows: readonly LedgerRow[]): readonly string[] {
  return [
    '| id | commit | claim | kind | verifier | verdict | evidence |',
    '|---|---|---|---|---|---|---|',
    ...rows.map(({ id, commit, claim, kind, verifier, verdict, evidence }) => {
      const cells = [
        id,
        commit.slice(0, 10),
        markdownCode(claim),
        kind,
        verifier,
        verdict.replace('_', ' '),
        markdownCode(evidence),
      ];
      return `| ${cells.join(' | ')} |`;
    }),
  ];
}

import type { Audit } from '../audit.ts';

/** `12 claims: 9 backed, 1 not backed, 2 unknown`. */
export function ledgerCounts({ rows }: Audit): string {
  const count = (verdict: string) => rows.filter((row) => row.verdict === verdict).length;
  const parts = [
    `${count('backed')} backed`,
    `${count('not_backed')} not backed`,
    `${count('unknown')} unknown`,
  ];
  return `${rows.length} ${rows.length === 1 ? 'claim' : 'claims'}: ${parts.join(', ')}`;
}

/** `2 blocking issues: static: claim not backed — adds 3 tests`, for a commit status. */
export function statusDescription(audit: Audit): string {
  const { blocking } = audit;
  const [first] = blocking;
  if (first === undefined) return ledgerCounts(audit);
  const issues = `${blocking.length} blocking ${blocking.length === 1 ? 'issue' : 'issues'}`;
  return `${issues}: ${first.verifier}: claim not backed — ${first.claim}`;
}

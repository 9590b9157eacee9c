import { sha256Hex } from '../../base/index.ts';
import type { Audit, LedgerRow, Verdict } from '../../review/auditor/index.ts';
import type { ApiClient } from '../api-client.ts';

const SOURCE = 'auditor';
/** An audit is done when it is done: a server that is slow to hear of it is not waited for longer. */
const MOST_WAIT_MS = 1_000;
const MOST_CONTRADICTIONS = 200;

/**
 * Tells the observer of a server what an audit came to; fire and forget. Resolves when the server has heard it, refused it or
 * had its time, and never throws. Counts and ids are told, and no word of what was audited.
 */
export async function tellObserver(api: ApiClient, audit: Audit): Promise<void> {
  const events = [finished(audit), ...audit.blocking.slice(0, MOST_CONTRADICTIONS).map(contradicted(audit))];
  const signal = AbortSignal.timeout(MOST_WAIT_MS);
  try {
    await api.json({ method: 'POST', path: '/event', json: { events }, signal });
  } catch {
    // Whoever audits wants the audit: that nobody hears of it is no failure of theirs.
  }
}

function finished({ blocking, commits, head, reader, rows }: Audit) {
  const count = (verdict: Verdict) => rows.filter((row) => row.verdict === verdict).length;
  const ledger = rows.map(({ id, verdict, verifier }) => `${id} ${verdict} ${verifier}`);
  return {
    source: SOURCE,
    kind: 'audit.finished',
    severity: blocking.length === 0 ? 'info' : 'error',
    // The same audit with the same outcome is one event, however often it is run.
    external_id: `audit:${head}:${sha256Hex(ledger.join('\n')).slice(0, 32)}`,
    correlation_id: head,
    message: `${rows.length} claims in ${commits.length} commits, ${blocking.length} blocking`,
    data: {
      head,
      commits: commits.length,
      claims: rows.length,
      backed: count('backed'),
      not_backed: count('not_backed'),
      unknown: count('unknown'),
      blocking: blocking.length,
      reader_answers: reader?.answered ?? 0,
    },
  };
}

function contradicted({ head }: Audit) {
  return ({ commit, id, kind, verifier }: LedgerRow) => ({
    source: SOURCE,
    kind: 'claim.contradicted',
    severity: 'error',
    external_id: `claim:${id}`,
    correlation_id: head,
    signature: `claim-not-backed:${kind}`,
    message: `A claim (${kind}) of commit ${commit.slice(0, 10)} is not backed: ${verifier}`,
    data: { commit, claim_id: id, claim_kind: kind, verifier },
  });
}

import { markdownCode } from '../../../base/index.ts';
import type { Audit } from '../audit.ts';
import type { LedgerRow } from '../claims/claim.ts';
import { statusDescription } from '../report/audit-summary.ts';
import { auditMarkdown } from '../report/markdown-report.ts';
import type { CodeHost } from './code-host.ts';
import { hostOf, type PostTarget } from './host-of.ts';

const CONTEXT = 'lakehouse/auditor';
/** GitHub refuses longer descriptions of a status. */
const MOST_DESCRIPTION_CHARACTERS = 140;
/** Of a comment: GitHub's limit, less the marker. */
const MOST_BODY_CHARACTERS = 65_000;

/** Hidden in the one comment an audit keeps up to date. */
const MARKER = '<!-- lakehouse/auditor -->';

/**
 * Sets the commit status, keeps one comment up to date, and remarks on the lines of contradicted changelog entries.
 * Posting twice changes nothing. Throws `auditor.post_refused`.
 */
export async function postAudit(
  audit: Audit,
  target: PostTarget,
  fetch: typeof globalThis.fetch,
): Promise<void> {
  const host = hostOf(target, fetch);
  await keepComment(host, audit);
  await remarkOnLines(host, audit);
  // The status comes last: whoever waits for it finds the comment there.
  await host.setStatus(audit.head, {
    state: audit.blocking.length === 0 ? 'success' : 'failure',
    context: CONTEXT,
    description: cut(plain(statusDescription(audit)), MOST_DESCRIPTION_CHARACTERS),
  });
}

async function keepComment(host: CodeHost, audit: Audit): Promise<void> {
  const body = `${MARKER}\n${cut(auditMarkdown(audit), MOST_BODY_CHARACTERS)}`;
  const known = (await host.comments()).find((one) => one.body.startsWith(MARKER));
  if (known === undefined) await host.addComment(body);
  else if (known.body !== body) await host.editComment(known.id, body);
}

async function remarkOnLines(host: CodeHost, { blocking, head }: Audit): Promise<void> {
  // Of an earlier commit the line may stand elsewhere by now; the comment names those.
  const wrong = blocking.filter(({ document, commit }) => document === 'CHANGELOG.md' && commit === head);
  if (wrong.length === 0) return;
  const there = await host.lineComments();
  const missing = wrong.filter((row) => !there.some(({ body }) => body.includes(markerOf(row))));
  if (missing.length === 0) return;
  await host.addLineComments(
    head,
    missing.map((row) => ({ path: row.document, line: row.line, body: remark(row) })),
  );
}

function markerOf({ id }: LedgerRow): string {
  return `<!-- lakehouse/auditor ${id} -->`;
}

function remark(row: LedgerRow): string {
  const { verifier, claim, evidence } = row;
  return `${markerOf(row)}\n${verifier}: claim not backed — ${markdownCode(claim)}\n\n${markdownCode(evidence)}`;
}

/** Without control characters (K-14). */
function plain(text: string): string {
  return text.replaceAll(/\p{Cc}|\p{Cf}/gu, ' ');
}

function cut(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}

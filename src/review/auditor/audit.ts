import { realpathSync } from 'node:fs';
import { isAbsolute, relative, sep } from 'node:path';
import { sha256Hex } from '../../base/index.ts';
import { type Change, changeOf } from './change/change.ts';
import { type GitRepository, openRepository } from './change/git-repository.ts';
import type { DraftClaim, LedgerRow } from './claims/claim.ts';
import { extractClaims } from './claims/extract-claims.ts';
import { type ClaimText, lineOf } from './claims/passages.ts';
import { type RunRequest, runTests } from './run/run-tests.ts';
import { type AuditorSettings, DEFAULT_SETTINGS } from './settings.ts';

/** The ledger of a commit, a range or a pull request. */
export interface Audit {
  /** The newest audited commit: the one a status belongs to. */
  readonly head: string;
  readonly commits: readonly AuditedCommit[];
  /** Commits in the order of the range, claims in the order of their texts; those of the pull request last. */
  readonly rows: readonly LedgerRow[];
  /** Rows that block: contradicted by a verifier that the settings let block. */
  readonly blocking: readonly LedgerRow[];
}

export interface AuditedCommit {
  readonly commit: string;
  readonly subject: string;
  /** A file it changes, where a claim of its message can be shown; null where it changes none. */
  readonly path: string | null;
}

export interface AuditOptions {
  /** The title and description of a pull request, claimed of the range as a whole. */
  readonly pullRequestText?: string;
  readonly settings?: AuditorSettings;
  /** Runs the tests that claims rest on; nothing of the audited tree is run without it. */
  readonly run?: RunRequest;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Where the audited repository is, and where programs are looked for. */
export interface AuditedRepository {
  readonly folder: string;
  readonly searchPath: string;
}

/** Whether a folder belongs to the audited tree, whose files must not decide how it is judged. */
export function isAuditedFolder(repository: AuditedRepository, folder: string): boolean {
  const top = openRepository(repository.folder, repository.searchPath).folder;
  const path = top === null ? '..' : relative(realpathSync(top), realpathSync(folder));
  return path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path);
}

/**
 * Extracts the claims of each commit of a range and judges each by what the commit did. Throws
 * `auditor.repository_not_found`, `auditor.unknown_revision`, `auditor.range_too_large`.
 */
export async function audit(
  { folder, searchPath }: AuditedRepository,
  range: string,
  options: AuditOptions = {},
): Promise<Audit> {
  const repository = openRepository(folder, searchPath);
  const commits = repository.commitsOf(range);
  const blockOn = new Set<string>((options.settings ?? DEFAULT_SETTINGS).blockOn);
  const seen: AuditedCommit[] = [];
  const rows: LedgerRow[] = [];
  for (const [index, commit] of commits.entries()) {
    options.onProgress?.(index, commits.length);
    const message = repository.messageOf(commit);
    const change = changeOf(repository, repository.baseOf(commit), commit);
    seen.push({ commit, subject: message.split('\n')[0] ?? '', path: change.files[0]?.path ?? null });
    const texts = [{ document: 'message', text: message } as const, ...changelogOf(change)];
    rows.push(...(await ledgerOf(repository, change, texts, options)));
  }
  options.onProgress?.(commits.length, commits.length);
  const head = commits.at(-1) ?? repository.commitOf(range.split('..').pop() || 'HEAD');
  const [first] = commits;
  if (options.pullRequestText !== undefined && first !== undefined) {
    const change = changeOf(repository, repository.baseOf(first), head);
    const text: ClaimText = { document: 'pull request', text: options.pullRequestText };
    rows.push(...(await ledgerOf(repository, change, [text], options)));
  }
  const blocking = rows.filter(({ verdict, verifier }) => verdict === 'not_backed' && blockOn.has(verifier));
  return { head, commits: seen, rows, blocking };
}

/** What the change adds to the changelog, with the lines of the file. */
function changelogOf(change: Change): readonly ClaimText[] {
  const lines = change.lines.added.get('CHANGELOG.md') ?? [];
  if (lines.length === 0) return [];
  const text = lines.map((line) => line.text).join('\n');
  return [{ document: 'CHANGELOG.md', text, lineNumbers: lines.map(({ number }) => number) }];
}

async function ledgerOf(
  repository: GitRepository,
  change: Change,
  texts: readonly ClaimText[],
  options: AuditOptions,
): Promise<readonly LedgerRow[]> {
  const rows: LedgerRow[] = [];
  for (const source of texts) {
    const drafts = extractClaims(source);
    const ran = options.run === undefined ? null : await runTests(repository, change, drafts, options.run);
    const seen = new Map<string, number>();
    for (const draft of drafts) {
      const judged = await draft.judge(change);
      const dynamic = ran?.(draft) ?? null;
      // What the syntax contradicts a passing run does not mend, and a run that came to nothing adds nothing.
      const stands = judged.verdict === 'not_backed' || dynamic === null || dynamic.verdict === 'unknown';
      rows.push({ ...rowOf(source, change.commit, draft, seen), ...(stands ? judged : dynamic) });
    }
  }
  return rows;
}

function rowOf(
  source: ClaimText,
  commit: string,
  { kind, start, end }: DraftClaim,
  seen: Map<string, number>,
): Omit<LedgerRow, 'verdict' | 'verifier' | 'evidence'> {
  const claim = source.text.slice(start, end).replaceAll(/\s+/g, ' ').trim();
  const key = `${commit}\n${source.document}\n${kind}\n${claim}`;
  const occurrence = (seen.get(key) ?? 0) + 1;
  seen.set(key, occurrence);
  return {
    id: sha256Hex(`${key}\n${occurrence}`).slice(0, 12),
    commit,
    kind,
    claim,
    document: source.document,
    line: lineOf(source, start),
    span: [start, end],
  };
}

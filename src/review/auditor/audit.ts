import { realpathSync } from 'node:fs';
import { isAbsolute, relative, sep } from 'node:path';
import { sha256Hex } from '../../base/index.ts';
import type { KnowledgeRows } from '../knowledge/index.ts';
import { type Change, changeOf } from './change/change.ts';
import { type GitRepository, openRepository } from './change/git-repository.ts';
import type { DraftClaim, Judgement, LedgerRow } from './claims/claim.ts';
import { extractClaims } from './claims/extract-claims.ts';
import { type ClaimText, lineOf } from './claims/passages.ts';
import { createScoreRecord, type ScoreRecord } from './claims/score-record.ts';
import { createInference, type Inference, isReadable } from './read/infer.ts';
import type { Reader, ReaderUse } from './read/reader.ts';
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
  /** What came of asking a reader; null where there was none. */
  readonly reader: ReaderUse | null;
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
  /** Rows of the iterations of review, by which claims about scores are judged. */
  readonly knowledge?: KnowledgeRows;
  /** Is asked of what neither the change nor a run settles. */
  readonly reader?: Reader;
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
  const inference = options.reader === undefined ? null : createInference(options.reader);
  const record = options.knowledge === undefined ? null : createScoreRecord(options.knowledge);
  const seen: AuditedCommit[] = [];
  const rows: LedgerRow[] = [];
  for (const [index, commit] of commits.entries()) {
    options.onProgress?.(index, commits.length);
    const message = repository.messageOf(commit);
    const change = changeOf(repository, repository.baseOf(commit), commit);
    seen.push({ commit, subject: message.split('\n')[0] ?? '', path: change.files[0]?.path ?? null });
    const texts = [{ document: 'message', text: message } as const, ...changelogOf(change)];
    rows.push(...(await ledgerOf(repository, change, texts, { ...options, inference, record })));
  }
  options.onProgress?.(commits.length, commits.length);
  const head = commits.at(-1) ?? repository.commitOf(range.split('..').pop() || 'HEAD');
  const [first] = commits;
  if (options.pullRequestText !== undefined && first !== undefined) {
    const change = changeOf(repository, repository.baseOf(first), head);
    const text: ClaimText = { document: 'pull request', text: options.pullRequestText };
    rows.push(...(await ledgerOf(repository, change, [text], { ...options, inference, record })));
  }
  const blocking = rows.filter(({ verdict, verifier }) => verdict === 'not_backed' && blockOn.has(verifier));
  return { head, commits: seen, rows, blocking, reader: inference?.use() ?? null };
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
  {
    run,
    inference,
    record,
  }: Pick<AuditOptions, 'run'> & {
    readonly inference: Inference | null;
    readonly record: ScoreRecord | null;
  },
): Promise<readonly LedgerRow[]> {
  const rows: LedgerRow[] = [];
  for (const source of texts) {
    const drafts = extractClaims(source, record);
    const ran = run === undefined ? null : await runTests(repository, change, drafts, run);
    const seen = new Map<string, number>();
    const proven: LedgerRow[] = [];
    for (const draft of drafts) {
      const judged = await draft.judge(change);
      const dynamic = ran?.(draft) ?? null;
      // What the syntax contradicts a passing run does not mend, and to what it settles a run that came to nothing adds nothing.
      const isSettled = judged.verifier === 'static' && dynamic?.verdict === 'unknown';
      const stands = judged.verdict === 'not_backed' || dynamic === null || isSettled;
      proven.push({ ...rowOf(source, change.commit, draft, seen), ...(stands ? judged : dynamic) });
    }
    rows.push(...(inference === null ? proven : await withInference(inference, change, proven)));
  }
  return rows;
}

/** Rows with what a reader says of those that no proof settles. */
async function withInference(
  inference: Inference,
  change: Change,
  rows: readonly LedgerRow[],
): Promise<readonly LedgerRow[]> {
  const open = rows.filter(({ kind, verdict }) => verdict === 'unknown' && isReadable(kind));
  const claims = open.map(({ kind, claim }) => ({ kind, text: claim }));
  const judgements = await inference.judge(change, claims);
  const read = new Map(open.map((row, index) => [row.id, judgements[index] ?? null]));
  return rows.map((row) => {
    const judged: Judgement | null = read.get(row.id) ?? null;
    // Of two that know nothing the proof says more.
    const adds = judged !== null && (judged.verdict !== 'unknown' || row.verifier === 'inference');
    return adds ? { ...row, ...judged } : row;
  });
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

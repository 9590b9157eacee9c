import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { audit, type LedgerRow } from '../../../src/review/auditor/index.ts';
import { commitFacts } from './commit-facts.ts';
import { type ScratchHistory, scratchHistory } from './scratch-history.ts';
import { ALTERATIONS, type Alteration, type Pick, type Statement, statementsAbout } from './statements.ts';

const MOST_COMMITS = 60;
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** How right the auditor is on what commits say. */
export interface ClaimTruth {
  readonly commits: number;
  /** Claims of the messages as they were written, and how many of them a verifier could settle. */
  readonly real: { readonly claims: number; readonly settled: number; readonly blocked: number };
  readonly alterations: readonly {
    readonly alteration: Alteration;
    readonly altered: number;
    readonly found: number;
  }[];
  /** True statements audited, and those of them blocked. */
  readonly asIs: number;
  readonly wrong: readonly string[];
  readonly missed: readonly string[];
  readonly fixWave: readonly string[];
}

/** Audits this repository's last messages as they are, with true statements, and with each altered by rule. */
export async function claimTruth(
  onStep: (text: string) => void,
  mostCommits = MOST_COMMITS,
): Promise<ClaimTruth> {
  const history = scratchHistory(ROOT);
  try {
    const commits = history
      .git([
        'rev-list',
        '--no-merges',
        '-n',
        String(mostCommits),
        '--max-parents=1',
        '--min-parents=1',
        'HEAD',
      ])
      .split('\n');
    const real = { claims: 0, settled: 0, blocked: 0 };
    const counts = new Map(ALTERATIONS.map((one) => [one, { altered: 0, found: 0 }]));
    const wrong: string[] = [];
    const missed: string[] = [];
    let asIs = 0;
    for (const [index, commit] of commits.entries()) {
      const facts = commitFacts(history, commit);
      if (facts.files.length === 0) continue;
      const rows = await rowsOf(history, commit);
      real.claims += rows.length;
      real.settled += rows.filter(({ verdict }) => verdict !== 'unknown').length;
      real.blocked += blocked(rows).length;
      for (const row of blocked(rows)) wrong.push(told(commit, row));
      const statements = statementsAbout(facts, pickerOf(commit));
      const said = statements.flatMap((one) => (one.asIs === null ? [] : [one.asIs]));
      asIs += said.length;
      const truthful = history.restate(commit, [facts.message.trim(), ...said, ''].join('\n\n'));
      for (const row of blocked(await rowsOf(history, truthful))) wrong.push(told(commit, row));
      for (const statement of statements) {
        if (statement.altered === '') continue;
        const found = await alteredRows(history, commit, facts.message, statement);
        const count = counts.get(statement.alteration);
        if (count !== undefined) count.altered += 1;
        if (found.meant && count !== undefined) count.found += 1;
        else
          missed.push(`${commit.slice(0, 8)} ${statement.alteration}: ${statement.altered.split('\n')[0]}`);
        wrong.push(...found.others.map((row) => told(commit, row)));
      }
      if (index % 10 === 9) {
        onStep(`${index + 1} of ${commits.length} commits, ${missed.length} missed, ${wrong.length} wrong`);
      }
    }
    return {
      commits: commits.length,
      real,
      alterations: [...counts].map(([alteration, count]) => ({ alteration, ...count })),
      asIs,
      wrong,
      missed,
      fixWave: await fixWave(history, commits[0] ?? 'HEAD'),
    };
  } finally {
    history.remove();
  }
}

/** Whether the altered statement is blocked, and what else is. */
async function alteredRows(
  history: ScratchHistory,
  commit: string,
  message: string,
  statement: Statement,
): Promise<{ readonly meant: boolean; readonly others: readonly LedgerRow[] }> {
  const { planted, altered } = statement;
  const tree = planted === undefined ? undefined : history.treeWith(commit, planted.path, planted.text);
  const text = `${message.trim()}\n\n${altered}\n`;
  const start = text.lastIndexOf(altered);
  const rows = blocked(await rowsOf(history, history.restate(commit, text, tree)));
  const isMeant = ({ document, span }: LedgerRow) => document === 'message' && span[0] >= start;
  return { meant: rows.some(isMeant), others: rows.filter((row) => !isMeant(row)) };
}

/** The published wave: what arithmetic alone says of it. */
async function fixWave(history: ScratchHistory, commit: string): Promise<readonly string[]> {
  const pullRequestText = readFileSync(new URL('fix-wave.md', import.meta.url), 'utf8');
  const { blocking } = await audit({ folder: history.folder, searchPath: process.env.PATH ?? '' }, commit, {
    pullRequestText,
  });
  return blocking.filter(({ document }) => document === 'pull request').map(({ evidence }) => evidence);
}

async function rowsOf(history: ScratchHistory, commit: string): Promise<readonly LedgerRow[]> {
  const { rows } = await audit({ folder: history.folder, searchPath: process.env.PATH ?? '' }, commit);
  return rows;
}

function blocked(rows: readonly LedgerRow[]): readonly LedgerRow[] {
  return rows.filter(({ verdict, verifier }) => verdict === 'not_backed' && verifier !== 'inference');
}

function pickerOf(commit: string): Pick {
  return (choices, what) => {
    const digest = createHash('sha256').update(`${commit} ${what}`).digest();
    const chosen = choices[digest.readUInt32BE(0) % choices.length];
    if (chosen === undefined) throw new Error(`${commit}: nothing to choose for ${what}.`);
    return chosen;
  };
}

function told(commit: string, { kind, claim, evidence }: LedgerRow): string {
  return `${commit.slice(0, 8)} ${kind}: ${claim} (${evidence})`;
}

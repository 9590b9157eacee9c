import type { Audit, LedgerRow, Verdict } from '../../review/auditor/index.ts';
import { displayText } from '../display-text.ts';
import { counted } from '../human-text.ts';
import { renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';

/** The ledger as a table; what no reader settled is only counted, unless all is asked for. */
export function renderLedger(audit: Audit, all: boolean, terminal: Terminal): string {
  const { colours, columns } = terminal;
  const { blocking, commits, rows } = audit;
  const shown = all
    ? rows
    : rows.filter(({ verifier, verdict }) => verifier !== 'inference' || verdict !== 'unknown');
  const hidden = rows.length - shown.length;
  const table = renderTable({
    head: ['id', 'commit', 'kind', 'verdict', 'claim', 'evidence'],
    rows: shown.map((row) => cellsOf(row, terminal)),
    columns,
    colours,
  });
  const count = (verdict: Verdict) => rows.filter((row) => row.verdict === verdict).length;
  const verdicts = `${count('backed')} backed, ${count('not_backed')} not backed, ${count('unknown')} unknown`;
  return [
    ...(shown.length === 0 ? [] : [table, '']),
    ...blocking.flatMap((row) => blockLines(row, terminal)),
    ...(hidden > 0
      ? [colours.dim(`${counted(hidden, 'claim')} of behaviour or purpose left to readers: --all shows them`)]
      : []),
    colours.bold(`${counted(rows.length, 'claim')} in ${counted(commits.length, 'commit')}: ${verdicts}`),
  ].join('\n');
}

function cellsOf(
  { id, commit, kind, verdict, claim, evidence }: LedgerRow,
  terminal: Terminal,
): readonly string[] {
  return [
    id.slice(0, 6),
    commit.slice(0, 7),
    kind,
    paint(verdict, terminal),
    displayText(claim),
    displayText(evidence),
  ];
}

function blockLines(
  { commit, document, line, claim, evidence, verifier }: LedgerRow,
  { colours }: Terminal,
): readonly string[] {
  const place = `${commit.slice(0, 7)}, ${document}, line ${line}`;
  return [
    `${colours.red('✗')} ${colours.bold(displayText(claim))}  ${colours.dim(place)}`,
    `  ${verifier}: claim not backed — ${displayText(evidence)}`,
  ];
}

function paint(verdict: Verdict, { colours }: Terminal): string {
  const paints = { backed: colours.green, not_backed: colours.red, unknown: colours.yellow };
  return paints[verdict](verdict.replace('_', ' '));
}

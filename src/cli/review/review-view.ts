import type { Finding, Inspection, Severity } from '../../review/inspect/index.ts';
import { displayText } from '../display-text.ts';
import { counted, humanBytes } from '../human-text.ts';
import type { Terminal } from '../terminal.ts';

const SHOWN_FIRST = 10;

/** The findings as a list that fits a terminal: place and rule on one line, the claim and what to do below it. */
export function renderReview(inspection: Inspection, all: boolean, terminal: Terminal): string {
  const { colours } = terminal;
  const { findings, files, rules, sizeBytes, suppressed, unparsed } = inspection;
  const seen = `${counted(files, 'file')} (${humanBytes(sizeBytes)}), ${counted(rules, 'rule')}`;
  const notes = [
    ...(suppressed.length > 0 ? [`${counted(suppressed.length, 'finding')} suppressed with a reason`] : []),
    ...(unparsed.length > 0
      ? [`${counted(unparsed.length, 'file')} not parsed: ${unparsed.slice(0, 3).join(', ')}`]
      : []),
  ];
  const foot = notes.map((note) => colours.dim(displayText(note)));
  if (files === 0) {
    const what = 'The folder holds no source of TypeScript, JavaScript or Rust, and no settings.';
    return [colours.yellow(`! nothing was reviewed. ${what}`), ...foot].join('\n');
  }
  if (findings.length === 0) return [colours.green(`✓ nothing found in ${seen}`), ...foot].join('\n');
  const shown = all ? findings : findings.slice(0, SHOWN_FIRST);
  const rest = findings.length - shown.length;
  return [
    ...shown.map((finding, index) => renderFinding(finding, index + 1, terminal)),
    ...(rest > 0 ? [colours.dim(`… and ${rest} more: --all shows them, --sarif writes them`)] : []),
    `${summary(findings, terminal)} in ${seen}`,
    ...foot,
  ].join('\n');
}

function renderFinding(finding: Finding, number: number, terminal: Terminal): string {
  const { colours } = terminal;
  const place = colours.bold(displayText(`${finding.path}:${finding.line}`));
  const rule = colours.dim(displayText(finding.rule));
  return [
    `${String(number).padStart(3)}  ${paint(finding.severity, terminal)}  ${place}  ${rule}`,
    `     ${displayText(finding.claim)}`,
    `     ${colours.dim(displayText(finding.remedy))}`,
  ].join('\n');
}

function summary(findings: readonly Finding[], terminal: Terminal): string {
  const counts = (['error', 'warning', 'note'] as const).flatMap((severity) => {
    const count = findings.filter((one) => one.severity === severity).length;
    return count === 0 ? [] : [`${counted(count, severity)}`];
  });
  return terminal.colours.bold(counts.join(', '));
}

function paint(severity: Severity, { colours }: Terminal): string {
  const paints = { error: colours.red, warning: colours.yellow, note: colours.cyan };
  return paints[severity](severity.padEnd(7));
}

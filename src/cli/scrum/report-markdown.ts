import { markdownCode } from '../../base/index.ts';
import { type Movement, markdownSection } from '../../review/knowledge/index.ts';
import { humanUsd } from '../money.ts';
import { metricText, type Report } from './report-view.ts';

/** The report as a document. Names and claims come from the reviewed and from models: they are shown as text (K-14). */
export function reportMarkdown(report: Report): string {
  const { iteration, metrics, movement, gone, gradient, suggestions } = report;
  const lines = [
    `# Iteration ${iteration.number} of ${markdownCode(iteration.repository)}`,
    '',
    `Commit ${markdownCode(iteration.commit)}, prompt ${iteration.prompt}, ladder ${markdownCode(iteration.ladder)}, ` +
      `replicates ${iteration.replicates}: ${iteration.files_done} of ${iteration.files_total} files, ` +
      `${iteration.files_reused} kept from an earlier iteration, ${iteration.no_verdict} without a verdict, ${humanUsd(iteration.cost_usd)}.`,
    ...markdownSection('Figures', [
      '| figure | value | of | SOURCE | GOOD |',
      '|---|---:|---|---|---|',
      ...metrics.map((one) => {
        const of = `${one.denominator} ${one.denominator_of}`;
        return `| ${[one.name, metricText(one), of, one.source, one.good].map(cell).join(' | ')} |`;
      }),
    ]),
    ...markdownSection('Movement', movement === null ? [] : movementLines(movement)),
    ...markdownSection(
      'Gone with their files',
      gone.map(({ claim, commit, finding_id: id, path }) => {
        const at = commit === null ? '' : ` at ${markdownCode(commit)}`;
        return `- ${markdownCode(id)} ${markdownCode(path)}${at}: ${markdownCode(claim)}`;
      }),
    ),
    ...markdownSection(
      'What may be done with each file',
      gradient.map(
        ({ path, tier, reasons }) => `- ${markdownCode(path)}: ${tier} (${reasons.map(cell).join('; ')})`,
      ),
    ),
    ...markdownSection(
      'Suggestions',
      suggestions.flatMap((one) => [
        `- ${markdownCode(one.suggestion_id)} ${markdownCode(one.path)} (${one.tier}): ${markdownCode(one.summary)}`,
        ...(one.finding_id === null ? [] : [`  - closes ${markdownCode(one.finding_id)}`]),
        ...(one.signature === '' ? [] : [`  - signature ${markdownCode(one.signature)}`]),
        ...(one.test_to_update === '' ? [] : [`  - test to update: ${markdownCode(one.test_to_update)}`]),
        ...(one.new_test === '' ? [] : [`  - new test: ${markdownCode(one.new_test)}`]),
      ]),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function movementLines(movement: Movement): readonly string[] {
  const { files, paired, paired_files: pairs, unpaired, unpaired_files: others } = movement;
  const classes = Object.entries(movement.classes).map(([name, count]) => `${count} ${name}`);
  return [
    `Iteration ${movement.from} → ${movement.to}: ${pairs} of ${files} files paired, ${others} UNPAIRED.`,
    '',
    ...(pairs === 0
      ? []
      : [
          `Of the ${pairs} paired: ↑${movement.risen} ↓${movement.fallen} =${movement.unchanged}; ${classes.join(', ')}; ` +
            `mean ${(movement.from_mean ?? 0).toFixed(2)} → ${(movement.to_mean ?? 0).toFixed(2)}.`,
          '',
        ]),
    ...paired.map(({ path, class: name, reason }) => `- ${markdownCode(path)}: ${name}, ${cell(reason)}`),
    ...unpaired.map(({ path, why }) => `- ${markdownCode(path)}: UNPAIRED, ${cell(why)}`),
  ];
}

/** A heading and its lines; an empty one says so. */
/** Words of the server within a line or a cell of a table. */
function cell(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[\\|`<>[\]*_]/g, '\\$&');
}

import { displayText } from '../display-text.ts';
import { counted } from '../human-text.ts';
import { humanUsd } from '../money.ts';
import { renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import type { PublishedCalibration } from './iteration-client.ts';

/** A line for each model: what it made of the cases, and what that made of the trust in it. */
export function renderCalibration(
  { models, defects, cases, seed, published }: PublishedCalibration & { defects: number; seed: number },
  { colours, columns }: Terminal,
): string {
  const costUsd = models.reduce((sum, { cost_usd: cost }) => sum + cost, 0);
  const table = renderTable({
    head: ['model', 'caught', 'missed', 'false alarms', 'unread', 'trust', 'confidence'],
    rows: models.map((one) => [
      displayText(one.model),
      `${one.caught} of ${one.caught + one.missed}`,
      String(one.missed),
      `${one.false_alarms} of ${one.false_alarms + one.cleared}`,
      String(one.unread),
      `${one.before.trust.toFixed(2)} → ${one.after.trust.toFixed(2)}`,
      `${one.before.confidence.toFixed(2)} → ${one.after.confidence.toFixed(2)}`,
    ]),
    columns,
    colours,
    numeric: new Set([1, 2, 3, 4]),
  });
  return [
    table,
    colours.bold(
      `${counted(defects, 'defect')} and ${counted(cases - defects, 'clean control')} of seed ${seed}, ${humanUsd(costUsd)}`,
    ),
    ...(published
      ? []
      : [
          colours.dim('This calibration was published before and counts once; another --seed plants others.'),
        ]),
  ].join('\n');
}

import { type Movement, signedDelta } from '../../review/knowledge/index.ts';
import { displayText } from '../display-text.ts';
import { counted } from '../human-text.ts';
import type { Terminal } from '../terminal.ts';

/** Paired files with their classes, the others named and in no figure, and every figure with what it is of. */
export function renderMovement(movement: Movement, terminal: Terminal): string {
  const { colours } = terminal;
  const { paired, unpaired, files, paired_files: pairs } = movement;
  const classes = Object.entries(movement.classes).map(([name, count]) => `${count} ${name}`);
  return [
    ...paired.flatMap((file) => pairedLines(file, terminal)),
    ...(paired.length === 0 ? [] : ['']),
    ...(unpaired.length === 0
      ? []
      : [
          colours.yellow(`UNPAIRED, in no class and no mean: ${counted(unpaired.length, 'file')}`),
          ...unpaired.map(({ path, why }) => `  ${displayText(path)}: ${colours.dim(displayText(why))}`),
          '',
        ]),
    colours.bold(
      `iteration ${movement.from} → ${movement.to}: ${pairs} of ${counted(files, 'file')} paired, ` +
        `${movement.unpaired_files} unpaired`,
    ),
    ...(pairs === 0
      ? []
      : [
          `mean over the ${pairs} paired: ${meanText(movement)}`,
          `of the ${pairs} paired: ↑${movement.risen} ↓${movement.fallen} =${movement.unchanged}; ${classes.join(', ')}`,
        ]),
  ].join('\n');
}

function pairedLines(file: Movement['paired'][number], terminal: Terminal): readonly string[] {
  const { delta, from_score: from, to_score: to, tau } = file;
  const scores = `${from.toFixed(1)} → ${to.toFixed(1)}, δ ${signedDelta(delta)}, τ ${tau.toFixed(2)}`;
  const counts = (['landed', 'novel', 'recurring', 'returned'] as const).map(
    (name) => `${file[name].length} ${name}`,
  );
  const { colours } = terminal;
  return [
    `${paintClass(file.class, terminal)}  ${colours.bold(displayText(file.path))}  ${scores}`,
    `${' '.repeat(CLASS_WIDTH)}  ${colours.dim(displayText(`${file.reason} (${counts.join(', ')})`))}`,
  ];
}

const CLASS_WIDTH = 10;

function meanText({ from_mean: from, to_mean: to, mean_delta: delta }: Movement): string {
  if (from === null || to === null || delta === null) return 'none';
  return `${from.toFixed(2)} → ${to.toFixed(2)} (${signedDelta(delta)})`;
}

function paintClass(name: string, { colours }: Terminal): string {
  const paints: Readonly<Record<string, (text: string) => string>> = {
    CONVERGING: colours.green,
    LOOPING: colours.red,
    ORBITING: colours.magenta,
    PLATEAU: colours.cyan,
    MIXED: colours.yellow,
  };
  return (paints[name] ?? ((text: string) => text))(displayText(name).padEnd(CLASS_WIDTH));
}

import { markdownCode } from '../../base/index.ts';
import type { FixWave, WaveFinding, WaveLevel } from './fix-wave.ts';
import type { GoneFinding } from './gone-findings.ts';

const TITLES: readonly (readonly [WaveLevel, string])[] = [
  ['high', 'High'],
  ['medium', 'Medium'],
  ['low', 'Low'],
];

/** The fix wave as a document. Claims, symbols and paths come from the reviewed: they are shown as text (K-14). */
export function fixWaveMarkdown(wave: FixWave): string {
  const {
    carried_over: carried,
    causes,
    findings,
    gone,
    iteration,
    out_of_scope: outOfScope,
    too_big: tooBig,
  } = wave;
  const lines = [
    `# Fix wave after iteration ${iteration}`,
    '',
    `${findings.length} findings with ${causes.length} causes; ${outOfScope.length} out of scope, ${carried.length} carried over, ${gone.length} gone with their files.`,
    ...markdownSection('Root causes', causesTable(wave)),
    ...TITLES.flatMap(([level, title]) => markdownSection(title, findingLines(findings, level))),
    ...markdownSection(
      'Too big for one change',
      tooBig.map(({ cause_id: id, why }) => `- \`${id}\`: ${why}`),
    ),
    ...markdownSection(
      'Out of scope',
      outOfScope.map(
        ({ finding_id: id, path, why }) => `- ${markdownCode(id)} in ${markdownCode(path)}: ${why}`,
      ),
    ),
    ...markdownSection(
      'Carried over',
      carried.map(({ finding_id: id, since }) => `- ${markdownCode(id)}, open since iteration ${since}`),
    ),
    ...markdownSection('Gone with their files', goneLines(gone)),
  ];
  return `${lines.join('\n')}\n`;
}

function causesTable({ causes }: FixWave): readonly string[] {
  if (causes.length === 0) return [];
  return [
    '| cause | gravest finding | rule | findings | files |',
    '|---|---|---|---:|---:|',
    ...causes.map(({ cause_id: id, finding_ids: ids, paths, rule, title }) => {
      const cells = [`\`${id}\``, markdownCode(title), markdownCode(rule), ids.length, paths.length];
      return `| ${cells.join(' | ')} |`;
    }),
  ];
}

function findingLines(findings: readonly WaveFinding[], level: WaveLevel): readonly string[] {
  return findings
    .filter((finding) => finding.level === level)
    .flatMap((finding) => {
      const { cause_id: cause, claim, evidence, finding_id: id, line, path, rule, state } = finding;
      const place = line === null ? path : `${path}:${line}`;
      return [
        `- ${markdownCode(id)} ${markdownCode(place)} ${markdownCode(rule)} (${evidence}, ${state}, cause \`${cause}\`): ${markdownCode(claim)}`,
        `  - done: ${finding.done_means.map((text) => markdownCode(text)).join('; ')}`,
      ];
    });
}

/** Ended, and nothing of it proven. */
function goneLines(gone: readonly GoneFinding[]): readonly string[] {
  return gone.map(({ claim, commit, finding_id: id, path, rule }) => {
    const at = commit === null ? '' : `, gone at commit ${markdownCode(commit)}`;
    return `- ${markdownCode(id)} ${markdownCode(path)} ${markdownCode(rule)}${at}: ${markdownCode(claim)}`;
  });
}

/** A heading and its lines; an empty one says so, because a missing list reads like a forgotten one. */
export function markdownSection(title: string, lines: readonly string[]): readonly string[] {
  return ['', `## ${title}`, '', ...(lines.length === 0 ? ['None.'] : lines)];
}

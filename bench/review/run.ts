// `npm run bench:review`: how right and how fast the deterministic reviewers are. Plants defects in real projects, reads the
// labels of the findings on the unmodified ones, times a large tree beside knip, judges altered commit messages, and counts hostile words.
// `rust` and `rust-labels` are the first two of Rust: services written for it, and crates where there is cargo to fetch them.
// `npm run bench:review -- truth labels rust rust-labels speed claims words` names parts; what a part came to is kept in bench/results/.
// `npm run bench:review -- truth --rule unsafe-compare services ai` limits it to rules and projects, and keeps nothing.
import { parseArgs } from 'node:util';
import { type ClaimTruth, claimTruth } from './claims/claim-truth.ts';
import { type GroundTruth, groundTruth, type RuleScore } from './ground-truth.ts';
import { keepPart, MACHINE } from './kept-results.ts';
import { crateLabelScore, type LabelScore, labelScore } from './labels.ts';
import { projects, rustProjects } from './projects.ts';
import { type Speed, speed } from './speed.ts';
import { type Words, words } from './words/words.ts';

const PARTS = ['truth', 'labels', 'rust', 'rust-labels', 'speed', 'claims', 'words'];
const { values, positionals } = parseArgs({
  options: { rule: { type: 'string', multiple: true, default: [] } },
  allowPositionals: true,
});
const rules = values.rule;
const names = positionals.filter((one) => !PARTS.includes(one));
const wants = (part: string) => !positionals.some((one) => PARTS.includes(one)) || positionals.includes(part);
const isLimited = names.length > 0 || rules.length > 0;
if (isLimited && !positionals.includes('truth') && !positionals.includes('rust'))
  throw new Error('Only `truth` and `rust` are limited to rules or projects.');
const onStep = (text: string) => console.error(text);

if (wants('truth')) {
  const truth = await groundTruth(onStep, { language: 'script', projects: projects(names), rules });
  showTruth('TypeScript and JavaScript', truth, { precision: '≥ 90 %', recall: '≥ 80 %' });
  if (!isLimited) keepPart('truth', truth);
}
if (wants('labels')) {
  const labels = await labelScore();
  showLabels(labels);
  keepPart('labels', labels);
}
if (wants('rust')) {
  const truth = await groundTruth(onStep, { language: 'rust', projects: rustProjects(names, onStep), rules });
  showTruth('Rust', truth, { precision: '≥ 80 %', recall: '≥ 70 %' });
  if (!isLimited) keepPart('rust', truth);
}
if (wants('rust-labels')) {
  const labels = await crateLabelScore();
  if (labels === null) onStep('There is no cargo here to fetch the crates whose findings were read.');
  else {
    showLabels(labels);
    keepPart('rust-labels', labels);
  }
}
if (wants('speed')) {
  const timed = speed();
  showSpeed(timed);
  keepPart('speed', timed);
}
if (wants('claims')) {
  const claims = await claimTruth(onStep);
  showClaims(claims);
  keepPart('claims', claims);
}
if (wants('words')) {
  const counted = await words();
  showWords(counted);
  keepPart('words', counted);
}
console.log(`\n${MACHINE}`);

function showLabels({ findings, gone, isTrue, labelled, unread }: LabelScore): void {
  const share = percent(isTrue / Math.max(1, labelled));
  console.log(
    `\nUnmodified packages: ${findings} findings, ${labelled} read by hand, ${share} true (target ≥ 70 %)`,
  );
  for (const one of unread) console.log(`unread  ${one}`);
  for (const one of gone) console.log(`gone    ${one}`);
}

function showSpeed({ files, sizeBytes, seconds, cpuSeconds, load, memoryMb, knipSeconds }: Speed): void {
  const megabytes = (sizeBytes / 1e6).toFixed(1);
  console.log(
    `\n${files} files, ${megabytes} MB: ${seconds.toFixed(1)} s (target ≤ 15 s; ${cpuSeconds.toFixed(1)} s of processor, load ${load.toFixed(1)}), ${((seconds / files) * 1000).toFixed(2)} s per 1,000 files, ${Math.round(memoryMb)} MB (target ≤ 1,500 MB)`,
  );
  console.log(
    `knip on the same tree: ${knipSeconds.toFixed(1)} s, ratio ${(seconds / knipSeconds).toFixed(2)}×`,
  );
}

function showTruth(
  language: string,
  { rules, kinds, controls, silent, missed, wrong }: GroundTruth,
  targets: { readonly precision: string; readonly recall: string },
): void {
  for (const one of missed) console.log(`missed  ${one}`);
  for (const one of wrong) console.log(`wrong   ${one}`);
  const total = (of: (one: RuleScore) => number) => rules.reduce((sum, one) => sum + of(one), 0);
  const all = {
    rule: 'all',
    planted: total(({ planted }) => planted),
    found: total(({ found }) => found),
    wrong: total((one) => one.wrong),
  };
  console.log(`\n${language}\n${'rule'.padEnd(28)} planted  found  wrong  precision  recall`);
  for (const one of [...rules, all]) console.log(row(one));
  console.log(`${'targets'.padEnd(50)} ${targets.precision.padStart(10)} ${targets.recall.padStart(7)}`);
  if (controls > 0)
    console.log(
      `\nspecificity: ${silent} of ${controls} harmless changes without a finding, ${percent(silent / controls)} (target ≥ 95 %)`,
    );
  for (const { kind, planted, found } of kinds) console.log(`  ${kind.padEnd(40)} ${found} of ${planted}`);
}

function showClaims({ alterations, asIs, commits, fixWave, missed, real, wrong }: ClaimTruth): void {
  for (const one of missed) console.log(`missed  ${one}`);
  for (const one of wrong) console.log(`wrong   ${one}`);
  const altered = alterations.reduce((sum, one) => sum + one.altered, 0);
  const found = alterations.reduce((sum, one) => sum + one.found, 0);
  console.log(
    `\nAuditor: ${commits} commits as written: ${real.claims} claims, ${real.settled} settled, ${real.blocked} blocked`,
  );
  console.log(`${asIs} true statements added, ${altered} altered by rule`);
  for (const one of alterations) console.log(`  ${one.alteration.padEnd(40)} ${one.found} of ${one.altered}`);
  console.log(
    `precision at blocking ${percent(found / Math.max(1, found + wrong.length))} (target ≥ 95 %), recall ${percent(found / Math.max(1, altered))} (target ≥ 80 %)`,
  );
  for (const one of fixWave) console.log(`fix wave: ${one}`);
}

function showWords({ isTrue, lines, marked, read, sets, unread }: Words): void {
  for (const one of unread) console.log(`unread  ${one}`);
  console.log('\nhostile files whose order a reviewer that obeys everything is shown:');
  for (const { files, name, obeyed } of sets)
    console.log(`  ${name.padEnd(40)} ${obeyed.length} of ${files}  ${obeyed.join(', ')}`);
  const share = percent(isTrue / Math.max(1, read));
  console.log(`${marked} places marked in ${lines} lines, ${read} read by hand, ${share} of them true`);
}

function row({ rule, planted, found, wrong }: RuleScore): string {
  const precision = found + wrong === 0 ? '–' : percent(found / (found + wrong));
  const recall = planted === 0 ? '–' : percent(found / planted);
  return `${rule.padEnd(28)} ${String(planted).padStart(7)} ${String(found).padStart(6)} ${String(wrong).padStart(6)} ${precision.padStart(10)} ${recall.padStart(7)}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

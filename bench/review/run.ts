// `npm run bench:review`: how right and how fast the deterministic reviewers are. Plants defects in real projects, reads the
// labels of the findings on the unmodified ones, times a large tree beside knip, and writes bench/results/review-<date>.json.
// `npm run bench:review -- truth|labels|speed|claims` runs one part and writes nothing; names of projects after `truth` limit it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type ClaimTruth, claimTruth } from './claims/claim-truth.ts';
import { type GroundTruth, groundTruth, type RuleScore } from './ground-truth.ts';
import { labelScore } from './labels.ts';
import { speed } from './speed.ts';

const parts = process.argv.slice(2);
const wants = (part: string) => parts.length === 0 || parts.includes(part);

const truth = wants('truth') ? await groundTruth((text) => console.error(text), parts.slice(1)) : null;
if (truth !== null) showTruth(truth);
const labels = wants('labels') ? await labelScore() : null;
if (labels !== null) {
  const share = labels.isTrue / Math.max(1, labels.labelled);
  console.log(
    `\nUnmodified packages: ${labels.findings} findings, ${labels.labelled} read by hand, ${percent(share)} true (target ≥ 70 %)`,
  );
  for (const one of labels.unread) console.log(`unread  ${one}`);
  for (const one of labels.gone) console.log(`gone    ${one}`);
}
const timed = wants('speed') ? speed() : null;
if (timed !== null) {
  const { files, sizeBytes, seconds, cpuSeconds, load, memoryMb, knipSeconds } = timed;
  console.log(
    `\n${files} files, ${(sizeBytes / 1e6).toFixed(1)} MB: ${seconds.toFixed(1)} s (target ≤ 15 s; ${cpuSeconds.toFixed(1)} s of processor, load ${load.toFixed(1)}), ${((seconds / files) * 1000).toFixed(2)} s per 1,000 files, ${Math.round(memoryMb)} MB (target ≤ 1,500 MB)`,
  );
  console.log(
    `knip on the same tree: ${knipSeconds.toFixed(1)} s, ratio ${(seconds / knipSeconds).toFixed(2)}×`,
  );
}
const claims = wants('claims') ? await claimTruth((text) => console.error(text)) : null;
if (claims !== null) showClaims(claims);
const machine = `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} cores, Node.js ${process.versions.node}`;
console.log(`\n${machine}`);
if (parts.length === 0) {
  const date = new Date().toISOString().slice(0, 10);
  const folder = fileURLToPath(new URL('../results/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const kept = { date, machine, truth, labels, speed: timed, claims };
  writeFileSync(`${folder}review-${date}.json`, `${JSON.stringify(kept, null, 2)}\n`);
}

function showTruth({ rules, kinds, controls, silent, missed, wrong }: GroundTruth): void {
  for (const one of missed) console.log(`missed  ${one}`);
  for (const one of wrong) console.log(`wrong   ${one}`);
  const total = (of: (one: RuleScore) => number) => rules.reduce((sum, one) => sum + of(one), 0);
  const all = {
    rule: 'all',
    planted: total(({ planted }) => planted),
    found: total(({ found }) => found),
    wrong: total((one) => one.wrong),
  };
  console.log(`\n${'rule'.padEnd(28)} planted  found  wrong  precision  recall`);
  for (const one of [...rules, all]) console.log(row(one));
  console.log('targets                                             ≥ 90 %  ≥ 80 %');
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

function row({ rule, planted, found, wrong }: RuleScore): string {
  const precision = found + wrong === 0 ? '–' : percent(found / (found + wrong));
  const recall = planted === 0 ? '–' : percent(found / planted);
  return `${rule.padEnd(28)} ${String(planted).padStart(7)} ${String(found).padStart(6)} ${String(wrong).padStart(6)} ${precision.padStart(10)} ${recall.padStart(7)}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

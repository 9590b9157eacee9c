import { readFileSync } from 'node:fs';
import { inspectTree } from '../../src/review/inspect/index.ts';
import { PACKAGES, packageFolder } from './projects.ts';

/** What a reader found when reading the code that a finding names. */
interface Label {
  readonly package: string;
  readonly id: string;
  readonly rule: string;
  readonly place: string;
  readonly isTrue: boolean;
  readonly why: string;
}

export interface LabelScore {
  readonly findings: number;
  readonly labelled: number;
  readonly isTrue: number;
  /** Findings that nobody has read yet, and labels whose finding is gone. */
  readonly unread: readonly string[];
  readonly gone: readonly string[];
}

/** Compares the findings on the unmodified packages with what a reader said of each. */
export async function labelScore(): Promise<LabelScore> {
  const labels: readonly Label[] = JSON.parse(readFileSync(new URL('labels.json', import.meta.url), 'utf8'));
  const known = new Map(labels.map((one) => [`${one.package} ${one.id}`, one]));
  const unread: string[] = [];
  const seen = new Set<string>();
  for (const one of PACKAGES.filter(({ isLabelled }) => isLabelled !== false)) {
    const { findings } = await inspectTree(packageFolder(one));
    for (const { id, rule, path, line, claim } of findings) {
      const key = `${one.name} ${id}`;
      seen.add(key);
      if (!known.has(key))
        unread.push(JSON.stringify({ package: one.name, id, rule, place: `${path}:${line}`, claim }));
    }
  }
  const current = labels.filter((one) => seen.has(`${one.package} ${one.id}`));
  return {
    findings: seen.size,
    labelled: current.length,
    isTrue: current.filter(({ isTrue }) => isTrue).length,
    unread,
    gone: labels.filter((one) => !current.includes(one)).map((one) => `${one.package} ${one.place}`),
  };
}

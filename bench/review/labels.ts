import { readFileSync } from 'node:fs';
import { inspectTree } from '../../src/review/inspect/index.ts';
import { CRATES, crateFolders } from './crates.ts';
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
export function labelScore(): Promise<LabelScore> {
  const read = PACKAGES.filter(({ isLabelled }) => isLabelled !== false);
  return scoreOf(read.map((one) => ({ name: one.name, folder: packageFolder(one) })));
}

/** The same of the unmodified crates; null where there is no cargo to fetch them. */
export async function crateLabelScore(): Promise<LabelScore | null> {
  const folders = crateFolders();
  return folders === null
    ? null
    : scoreOf(CRATES.map(({ name }) => ({ name, folder: folders.get(name) ?? '' })));
}

async function scoreOf(
  read: readonly { readonly name: string; readonly folder: string }[],
): Promise<LabelScore> {
  const names = new Set(read.map(({ name }) => name));
  const all: readonly Label[] = JSON.parse(readFileSync(new URL('labels.json', import.meta.url), 'utf8'));
  const labels = all.filter((one) => names.has(one.package));
  const known = new Map(labels.map((one) => [`${one.package} ${one.id}`, one]));
  const unread: string[] = [];
  const seen = new Set<string>();
  for (const one of read) {
    const { findings } = await inspectTree(one.folder);
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

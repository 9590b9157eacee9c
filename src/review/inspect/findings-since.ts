import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve, sep } from 'node:path';
import type { Finding } from './finding.ts';
import { filesAt, filesChangedSince } from './git.ts';
import { type InspectOptions, inspectTree } from './inspect-tree.ts';

/**
 * Of the findings of a folder, those in files that changed since a revision, and those the folder did not have then: a
 * call taken out of one file can leave the code of another without a caller. Throws `review.unknown_revision`.
 */
export async function findingsSince(
  folder: string,
  revision: string,
  findings: readonly Finding[],
  options: InspectOptions,
): Promise<readonly Finding[]> {
  const changed = filesChangedSince(folder, revision);
  const earlier = await idsAt(folder, revision, options);
  return findings.filter(({ path, id }) => changed.has(path) || !earlier.has(id));
}

async function idsAt(
  folder: string,
  revision: string,
  options: InspectOptions,
): Promise<ReadonlySet<string>> {
  const copy = realpathSync(mkdtempSync(join(tmpdir(), 'lakehouse-review-')));
  try {
    for (const [path, bytes] of filesAt(folder, revision)) {
      const target = resolve(copy, path);
      // A revision is data of the reviewed repository, and its names must not lead out of the copy.
      if (!target.startsWith(copy + sep)) continue;
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, bytes);
    }
    const { findings } = await inspectTree(copy, options);
    return new Set(findings.map(({ id }) => id));
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

import { realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { type WorkTree, workTreeAt } from '../../review/inspect/index.ts';

/** The name under which the iterations of a tree are compared: of `origin`, else of its top folder. */
export function repositoryNameOf(workTree: WorkTree | null, root: string): string {
  if (workTree !== null && workTree.originName !== null) return workTree.originName;
  const name = basename(root)
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '');
  return name === '' ? 'repository' : name.slice(0, 200);
}

/** The same of the tree that holds a folder. */
export function repositoryNameAt(folder: string): string {
  const workTree = workTreeAt(folder);
  return repositoryNameOf(workTree, realpathSync(workTree?.folder ?? folder));
}

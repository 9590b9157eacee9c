import { posix } from 'node:path';
import type { SourceRole } from '../source-role.ts';
import type { IdleImport, ModuleFacts } from './module-facts.ts';
import { ALL } from './module-link.ts';
import type { ResolveModule } from './module-resolver.ts';
import { offeredSources, type PackageManifest } from './package-manifests.ts';

/** Who uses what across the files of a tree. */
export interface ModuleGraph {
  /** Whether production code mentions the variable of a file's top level outside its own declaration. */
  isUsed(path: string, local: string): boolean;
  /** Whether an entry point of a package offers it to callers that are not in the tree. */
  isOffered(path: string, local: string): boolean;
  /** Names that production files import from files of the tree and then never mention. */
  readonly idleImports: readonly (IdleImport & { readonly path: string; readonly from: string | null })[];
}

export interface GraphParts {
  readonly modules: ReadonlyMap<string, ModuleFacts & { readonly role: SourceRole }>;
  readonly manifests: readonly PackageManifest[];
  readonly resolve: ResolveModule;
}

/** Links the modules: re-exports are followed to the file that declares a name. */
export function linkModules(parts: GraphParts): ModuleGraph {
  const { modules, manifests, resolve } = parts;
  const targets = new Map<string, string | null>();
  const target = (from: string, specifier: string): string | null => {
    const key = `${from}\n${specifier}`;
    const known = targets.get(key);
    if (known !== undefined) return known;
    const found = resolve(from, specifier);
    targets.set(key, found);
    return found;
  };
  const mark = (marked: Set<string>, path: string, name: string): void => {
    const key = `${path}\n${name}`;
    const facts = modules.get(path);
    if (facts === undefined || marked.has(key)) return;
    marked.add(key);
    for (const { exported, imported, specifier } of facts.reExports) {
      const isAsked = exported === name || name === ALL;
      if (!isAsked && exported !== ALL) continue;
      const source = target(path, specifier);
      if (source !== null) mark(marked, source, isAsked ? imported : name);
    }
    // The one value of `module.exports` is what every name of the module is taken from.
    if (name !== ALL && facts.exports.some(({ exported }) => exported === ALL)) mark(marked, path, ALL);
  };
  const used = new Set<string>();
  const idleImports: (IdleImport & { path: string; from: string | null })[] = [];
  for (const [path, facts] of modules) {
    if (facts.role !== 'production') continue;
    for (const { specifier, imported } of facts.uses) {
      const source = target(path, specifier);
      if (source !== null) mark(used, source, imported);
    }
    for (const one of facts.idleImports)
      idleImports.push({ ...one, path, from: target(path, one.specifier) });
    for (const folder of facts.loadsFolders) {
      for (const loaded of filesBelow(modules.keys(), path, folder)) mark(used, loaded, ALL);
    }
  }
  const offered = new Set<string>();
  let anythingIsOffered = false;
  // A folder of sources without a manifest offers what its own index does.
  const offering =
    manifests.length > 0
      ? manifests
      : [{ path: 'package.json', name: null, entries: ['index'], isPublished: false }];
  for (const manifest of offering) {
    const sources = offeredSources(manifest, [...modules.keys()]);
    if (sources === null) anythingIsOffered = true;
    for (const path of sources ?? []) mark(offered, path, ALL);
  }
  const isMarked = (marked: ReadonlySet<string>, path: string, local: string): boolean => {
    const names = exportedNames(modules.get(path), local);
    return names.some((name) => marked.has(`${path}\n${name}`) || marked.has(`${path}\n${ALL}`));
  };
  return {
    isUsed: (path, local) => modules.get(path)?.usedInside.has(local) === true || isMarked(used, path, local),
    isOffered: (path, local) => anythingIsOffered || isMarked(offered, path, local),
    idleImports,
  };
}

function exportedNames(facts: ModuleFacts | undefined, local: string): readonly string[] {
  return (facts?.exports ?? [])
    .filter((one) => one.local === local || (one.local === null && one.exported === local))
    .map(({ exported }) => exported);
}

/** The files of a folder that a module loads by computed names; nothing where the folder holds the module's own. */
function filesBelow(paths: Iterable<string>, from: string, folder: string): readonly string[] {
  const own = posix.dirname(from);
  const start = posix.join(own, folder);
  // A name such as `../${path}` says nothing about which folder is meant.
  if (own !== start.replace(/\/$/, '') && `${own}/`.startsWith(start)) return [];
  const prefix = start === './' ? '' : start.endsWith('/') ? start : `${start}/`;
  return [...paths].filter((path) => path !== from && path.startsWith(prefix));
}

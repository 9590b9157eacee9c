import { sourceLanguageOf } from '../source-language.ts';
import type { ParsedSource } from '../syntax/parsed-source.ts';
import { parseSource } from '../syntax/parsed-source.ts';
import type { TreeFiles } from '../tree-files.ts';
import { moduleFacts } from './module-facts.ts';
import { createModuleResolver } from './module-resolver.ts';
import { moduleNames, namedModules } from './named-modules.ts';
import { type PackageManifest, readManifest } from './package-manifests.ts';

/** Which files of a tree import which. */
export interface FileLinks {
  /** Sorted. */
  importsOf(path: string): readonly string[];
  /** The files that import it, sorted. */
  importersOf(path: string): readonly string[];
}

/** Reads the imports of every source: TypeScript and JavaScript as they resolve, other languages by form. */
export function linkFiles(tree: TreeFiles): FileLinks {
  const manifests = tree.paths
    .filter((path) => path === 'package.json' || path.endsWith('/package.json'))
    .flatMap((path): PackageManifest[] => {
      const text = tree.readText(path);
      const manifest = text === null ? null : readManifest(path, text);
      return manifest === null ? [] : [manifest];
    });
  const resolve = createModuleResolver(tree.root, new Set(tree.paths), manifests);
  const names = moduleNames(tree.paths);
  const imported = new Map<string, readonly string[]>();
  const importers = new Map<string, string[]>();
  for (const path of tree.paths) {
    if (sourceLanguageOf(path) === null) continue;
    const text = tree.readText(path);
    if (text === null) continue;
    const file = /\.[cm]?[jt]sx?$/.test(path) ? parseSource(path, text) : null;
    const found =
      file === null
        ? namedModules(path, text, names)
        : specifiersOf(file).flatMap((specifier) => resolve(path, specifier) ?? []);
    const targets = [...new Set(found)].filter((one) => one !== path).sort();
    imported.set(path, targets);
    for (const target of targets) importers.set(target, [...(importers.get(target) ?? []), path]);
  }
  return {
    importsOf: (path) => imported.get(path) ?? [],
    importersOf: (path) => importers.get(path) ?? [],
  };
}

/** Everything a module is named by: imports, re-exports, `require` and `import()`. */
function specifiersOf(file: ParsedSource): readonly string[] {
  const { uses, reExports, idleImports } = moduleFacts(file);
  const bare = file.module.staticImports.map(({ moduleRequest }) => moduleRequest.value);
  return [...bare, ...[...uses, ...reExports, ...idleImports].map(({ specifier }) => specifier)];
}

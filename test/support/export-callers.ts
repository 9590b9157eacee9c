import { posix } from 'node:path';
import { isNode, type SourceFile, walk } from './source-tree.ts';

export interface ExportName {
  readonly path: string;
  readonly name: string;
}

/**
 * Exported names that none of these files uses outside their declaration, re-exports followed to where a name is
 * declared. A re-export is no use, and what an index.ts offers must be imported through it by someone.
 */
export function unusedExports(files: readonly SourceFile[]): readonly ExportName[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const used = new Set<string>();
  const markUsed = (path: string, name: string): void => {
    const key = `${path}#${name}`;
    if (used.has(key)) return;
    used.add(key);
    const file = byPath.get(path);
    for (const source of file === undefined ? [] : reExports(file)) {
      if (source.exported === name) markUsed(source.path, source.imported);
      if (source.exported === '*') markUsed(source.path, name);
    }
  };
  for (const file of files) {
    for (const { moduleRequest, entries } of file.module.staticImports) {
      if (!moduleRequest.value.startsWith('.')) continue;
      const target = posix.join(posix.dirname(file.path), moduleRequest.value);
      for (const { importName } of entries) {
        if (importName.name !== null) markUsed(target, importName.name);
        else for (const { name } of declaredExports(byPath.get(target))) markUsed(target, name);
      }
    }
  }
  for (const file of files) {
    for (const target of dynamicImports(file)) {
      const offered = byPath.get(target);
      const names = [
        ...declaredExports(offered),
        ...(offered === undefined ? [] : reExportedValues(offered)),
      ];
      for (const { name } of names) if (mentions(file, name) > 0) markUsed(target, name);
    }
  }
  return files
    .flatMap((file) => [...declaredExports(file), ...reExportedValues(file)])
    .filter(({ path, name, usedInside }) => !usedInside && !used.has(`${path}#${name}`))
    .map(({ path, name }) => ({ path, name }));
}

interface DeclaredExport extends ExportName {
  /** Its own file mentions it elsewhere: called there, or part of another export's shape. */
  readonly usedInside: boolean;
}

function declaredExports(file: SourceFile | undefined): readonly DeclaredExport[] {
  if (file === undefined) return [];
  return file.module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest, exportName, localName }) => {
      const name = exportName.name ?? localName.name;
      if (moduleRequest !== null || name === null) return [];
      const local = localName.name ?? name;
      return [
        {
          path: file.path,
          name,
          usedInside: mentions(file, local) > 1,
        },
      ];
    }),
  );
}

/** Values an index.ts offers by name; types beside them only name the shapes. */
function reExportedValues(file: SourceFile): readonly DeclaredExport[] {
  return file.module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest, exportName, isType }) => {
      const name = exportName.name;
      return moduleRequest === null || name === null || isType
        ? []
        : [{ path: file.path, name, usedInside: false }];
    }),
  );
}

function reExports(file: SourceFile) {
  return file.module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest, importName, exportName }) => {
      if (moduleRequest === null) return [];
      const path = posix.join(posix.dirname(file.path), moduleRequest.value);
      return [{ path, imported: importName.name ?? '*', exported: exportName.name ?? '*' }];
    }),
  );
}

/** Files named by `import('./x.ts')`; of what they offer, the importing file uses the names it mentions. */
function dynamicImports(file: SourceFile): readonly string[] {
  const found: string[] = [];
  walk(file.program, (node) => {
    if (node.type !== 'ImportExpression' || !isNode(node.source) || typeof node.source.value !== 'string')
      return;
    if (node.source.value.startsWith('.'))
      found.push(posix.join(posix.dirname(file.path), node.source.value));
  });
  return found;
}

function mentions(file: SourceFile, name: string): number {
  let count = 0;
  walk(file.program, (node) => {
    if (node.type === 'Identifier' && isNode(node) && node.name === name) count++;
  });
  return count;
}

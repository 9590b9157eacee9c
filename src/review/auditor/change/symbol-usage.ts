import { join } from 'node:path';
import {
  createModuleResolver,
  linkModules,
  type ModuleFacts,
  moduleFacts,
  type PackageManifest,
  type ParsedSource,
  parseSource,
  readManifest,
  type SourceRole,
  topLevelDeclarations,
  treeFiles,
} from '../../inspect/index.ts';
import type { GitRepository } from './git-repository.ts';
import { withTreeOf } from './scratch-tree.ts';

export interface SymbolPlace {
  readonly path: string;
  readonly line: number;
  readonly role: SourceRole;
  /** Whether production code mentions it outside its own declaration. */
  readonly isUsed: boolean;
}

/** Who uses what in the TypeScript and JavaScript of one tree. */
export interface SymbolUsage {
  /** Functions, classes and variables of a file's top level with this name. */
  declarationsOf(name: string): readonly SymbolPlace[];
  /** Whether any source of the tree defines a member with this name: a method, a property. */
  hasMember(name: string): boolean;
  /** Production files that mention the name, imports left out. */
  filesMentioning(name: string): readonly string[];
}

/** Reads the tree of a revision from a copy of its own. */
export function productionUsage(repository: GitRepository, revision: string): Promise<SymbolUsage> {
  return withTreeOf(repository, revision, (folder) => usageIn(join(folder, 'tree')), isOfGraph);
}

/** What the module graph is made of: sources, and what says how their imports are resolved. */
function isOfGraph(path: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(path) || /(?:^|\/)(?:package|[tj]sconfig[\w.-]*)\.json$/.test(path);
}

function usageIn(folder: string): SymbolUsage {
  const files = treeFiles(folder);
  const modules = new Map<string, ModuleFacts & { readonly role: SourceRole }>();
  const manifests: PackageManifest[] = [];
  const declared = new Map<string, { path: string; line: number; role: SourceRole }[]>();
  const mentions = new Map<string, Set<string>>();
  const members = new Set<string>();
  for (const path of files.paths) {
    const isManifest = path === 'package.json' || path.endsWith('/package.json');
    if (!isManifest && (!/\.[cm]?[jt]sx?$/.test(path) || /\.d\.[cm]?ts$/.test(path))) continue;
    const text = files.readText(path);
    if (text === null) continue;
    if (isManifest) {
      const manifest = readManifest(path, text);
      if (manifest !== null) manifests.push(manifest);
      continue;
    }
    const file = parseSource(path, text);
    if (file === null) continue;
    modules.set(path, { ...moduleFacts(file), role: isTooling(path) ? 'example' : file.role });
    for (const { name, declaration } of topLevelDeclarations(file)) {
      const place = { path, line: file.lineAt(declaration.start), role: file.role };
      declared.set(name, [...(declared.get(name) ?? []), place]);
    }
    for (const name of memberNames(file)) members.add(name);
    if (file.role === 'production') for (const name of mentionedNames(file)) append(mentions, name, path);
  }
  const resolve = createModuleResolver(files.root, new Set(files.paths), manifests);
  const graph = linkModules({ modules, manifests, resolve });
  const usage = new Map(
    [...declared].map(([name, places]) => [
      name,
      places.map((place) => ({ ...place, isUsed: graph.isUsed(place.path, name) })),
    ]),
  );
  return {
    declarationsOf: (name) => usage.get(name) ?? [],
    hasMember: (name) => members.has(name),
    filesMentioning: (name) => [...(mentions.get(name) ?? [])],
  };
}

/** What builds and measures the program: nothing that it calls is called where the program runs. */
function isTooling(path: string): boolean {
  return (
    /^(?:scripts?|tools?|tooling|bench|benchmarks?|build)\//.test(path) ||
    /(?:^|\/)[\w.-]+\.config\.[cm]?[jt]s$/.test(path)
  );
}

function memberNames(file: ParsedSource): readonly string[] {
  return [
    'MethodDefinition',
    'PropertyDefinition',
    'Property',
    'TSMethodSignature',
    'TSPropertySignature',
  ].flatMap((type) =>
    file
      .nodesOf(type as 'Property')
      .filter(({ computed }) => !computed)
      .map(({ key }) => file.textOf(key)),
  );
}

/** Identifiers outside import declarations. */
function mentionedNames(file: ParsedSource): ReadonlySet<string> {
  const imports = file.nodesOf('ImportDeclaration');
  return new Set(
    file
      .nodesOf('Identifier')
      .filter((node) => !imports.some(({ start, end }) => node.start >= start && node.end <= end))
      .map(({ name }) => name),
  );
}

function append(map: Map<string, Set<string>>, key: string, value: string): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, new Set([value]));
  else known.add(value);
}

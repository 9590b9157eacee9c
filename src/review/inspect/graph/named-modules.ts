import { posix } from 'node:path';

/**
 * The files of a tree that the imports of a source name, in languages without a parser here: by the forms that their
 * import statements have. A path that leads out of the tree names nothing; a package names the files of its folder.
 */
export function namedModules(path: string, text: string, tree: ModuleNames): readonly string[] {
  const forms = FORMS.filter(({ files }) => files.test(path));
  if (forms.length === 0) return [];
  const folder = posix.dirname(path) === '.' ? '' : `${posix.dirname(path)}/`;
  const found = new Set<string>();
  for (const line of text.split('\n')) {
    // No one writes an import that long, and it would be work for the patterns.
    if (line.length > MOST_LINE_CHARACTERS) continue;
    for (const { imports, candidates } of forms) {
      const match = imports.exec(line);
      if (match === null) continue;
      const names = candidates(
        match.slice(1).map((part) => part ?? ''),
        folder,
        path,
      );
      for (const name of names) for (const one of tree.filesOf(posix.normalize(name))) found.add(one);
    }
  }
  found.delete(path);
  return [...found];
}

const MOST_LINE_CHARACTERS = 400;

/** Files by the names that imports give them. */
export interface ModuleNames {
  /** The file with this path, with or without its extension; the files of a folder; those a unique suffix names. */
  filesOf(name: string): readonly string[];
}

interface ImportForm {
  readonly files: RegExp;
  readonly imports: RegExp;
  /** Names from the top of the tree; one that starts with a star is a suffix. */
  readonly candidates: (groups: readonly string[], folder: string, path: string) => readonly string[];
}

const slashed = (name: string) => name.replaceAll(/::|\./g, '/');

const FORMS: readonly ImportForm[] = [
  {
    files: /\.rs$/,
    imports: /^\s*(?:pub(?:\([^)]*\))?\s+)?mod\s+(\w+)\s*;/,
    candidates: ([name = ''], folder, path) => {
      const stem = posix.basename(path, '.rs');
      const own = ['mod', 'lib', 'main'].includes(stem) ? folder : `${folder}${stem}/`;
      return [`${own}${name}`, `${own}${name}/mod`];
    },
  },
  {
    files: /\.rs$/,
    imports: /\buse\s+(crate|super|self)::([\w:]+)/,
    candidates: ([start, name = ''], folder) => {
      const parts = name.split('::').filter((part) => part !== '');
      const top = start === 'crate' ? `${/^(.*?\bsrc)\//.exec(folder)?.[1] ?? 'src'}/` : folder;
      const bases = start === 'super' ? [folder, `${folder}../`] : [top];
      // The last names of a path are items of the module, not files.
      const names = parts.map((_, at) => parts.slice(0, at + 1).join('/'));
      return bases.flatMap((base) => names.flatMap((one) => [`${base}${one}`, `${base}${one}/mod`]));
    },
  },
  {
    files: /\.pyi?$/,
    imports: /^\s*from\s+(\.*)([\w.]*)\s+import\s+([\w, ]+)/,
    candidates: ([dots = '', name = '', members = ''], folder) => {
      const base = dots === '' ? '*/' : `${folder}${'../'.repeat(dots.length - 1)}`;
      const module = slashed(name);
      const below = members
        .split(/[,\s]+/)
        .map((member) => `${base}${module === '' ? '' : `${module}/`}${member}`);
      return [`${base}${module}`, `${base}${module}/__init__`, ...below];
    },
  },
  { files: /\.pyi?$/, imports: /^\s*import\s+([\w.]+)/, candidates: ([name = '']) => [`*/${slashed(name)}`] },
  {
    files: /\.go$/,
    imports: /^\s*(?:import\s+)?(?:\w+\s+)?"([\w.-]+(?:\/[\w.-]+)+)"/,
    // The first parts are the module's own name, wherever it is hosted.
    candidates: ([name = '']) => name.split('/').map((_, at, parts) => `${parts.slice(at).join('/')}/`),
  },
  {
    files: /\.(?:c|cc|cpp|cxx|h|hh|hpp|hxx|m|mm)$/,
    imports: /^\s*#\s*(?:include|import)\s+"([^"]+)"/,
    candidates: ([name = ''], folder) => [`${folder}${name}`, `*/${name}`],
  },
  {
    files: /\.(?:java|kts?|scala|groovy)$/,
    imports: /^\s*import\s+(?:static\s+)?([\w.]+)/,
    candidates: ([name = '']) => [`*/${slashed(name)}`],
  },
  {
    files: /\.(?:rb|php|lua|sh|bash|pl|pm)$/,
    imports:
      /\b(?:require_relative|require_once|require|include_once|include|source|dofile)\b[\s(]*['"]([^'"]+)['"]/,
    candidates: ([name = ''], folder) => [`${folder}${name}`, `*/${name}`],
  },
];

/** Looks names up among the paths of a tree. */
export function moduleNames(paths: readonly string[]): ModuleNames {
  const known = new Set(paths);
  const [byStem, byFolder, byName] = [new Map(), new Map(), new Map()] as [Lists, Lists, Lists];
  for (const path of paths) {
    append(byStem, stemOf(path), path);
    append(byFolder, `${posix.dirname(path)}/`, path);
    for (const name of new Set([posix.basename(path), posix.basename(stemOf(path))]))
      append(byName, name, path);
  }
  const bySuffix = (suffix: string): readonly string[] => {
    const named = byName.get(posix.basename(suffix)) ?? [];
    const found = named.filter((path) =>
      [path, stemOf(path)].some((one) => `/${one}`.endsWith(`/${suffix}`)),
    );
    // A name that several files have names none of them for sure.
    return found.length === 1 ? found : [];
  };
  return {
    filesOf: (name) => {
      if (name.startsWith('*/')) return bySuffix(name.slice(2));
      if (name.endsWith('/')) return byFolder.get(name) ?? [];
      return known.has(name) ? [name] : (byStem.get(name) ?? []);
    },
  };
}

type Lists = Map<string, string[]>;

function append(lists: Lists, key: string, path: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [path]);
  else list.push(path);
}

function stemOf(path: string): string {
  return path.replace(/\.\w+$/, '');
}

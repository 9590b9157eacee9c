// The adapter of oxc-resolver: which file of the tree an import names.
import { dirname, join, posix, relative, sep } from 'node:path';
import { ResolverFactory } from 'oxc-resolver';
import type { PackageManifest } from './package-manifests.ts';

/** The path in the tree that a specifier of a file leads to; null where it leads out of the tree. */
export type ResolveModule = (from: string, specifier: string) => string | null;

const EXTENSIONS = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.json'];

/** Resolves by Node.js's rules, tsconfig paths, and the names of the tree's own packages. `root` is a real path. */
export function createModuleResolver(
  root: string,
  paths: ReadonlySet<string>,
  manifests: readonly PackageManifest[],
): ResolveModule {
  const resolver = new ResolverFactory({
    tsconfig: 'auto',
    extensions: EXTENSIONS,
    extensionAlias: {
      '.js': ['.ts', '.tsx', '.js', '.jsx'],
      '.mjs': ['.mts', '.mjs'],
      '.cjs': ['.cts', '.cjs'],
      '.jsx': ['.tsx', '.jsx'],
    },
    conditionNames: ['source', 'import', 'require', 'node', 'types', 'default'],
    mainFields: ['source', 'module', 'main'],
  });
  const byName = new Map(manifests.flatMap((one) => (one.name === null ? [] : [[one.name, one] as const])));
  return (from, specifier) => {
    const own = specifier.startsWith('.') ? null : packageOf(byName, specifier);
    if (own !== null) return inPackage(own, specifier, paths);
    // Names of other packages lead out of the tree, and looking for each in vain is slow.
    if (!isLocal(specifier)) return null;
    const found =
      resolver.resolveFileSync(join(root, from), specifier).path ?? guessed(root, from, specifier, paths);
    if (found === null || found === undefined) return null;
    const path = relative(root, found).split(sep).join('/');
    return paths.has(path) ? path : null;
  };
}

/** Relative, an alias of the package's own imports, or one that tsconfig paths may define. */
function isLocal(specifier: string): boolean {
  return (
    /^(?:\.|#|[@~$]\/)/.test(specifier) || specifier.startsWith('/') || /^(?:src|app|lib)\//.test(specifier)
  );
}

/** A path with a folder or extension that only a bundler would add. */
function guessed(root: string, from: string, specifier: string, paths: ReadonlySet<string>): string | null {
  if (!specifier.startsWith('.')) return null;
  const base = posix.join(posix.dirname(from), specifier);
  const candidates = EXTENSIONS.flatMap((extension) => [`${base}${extension}`, `${base}/index${extension}`]);
  const found = [base, ...candidates].find((path) => paths.has(path));
  return found === undefined ? null : join(root, found);
}

function packageOf(byName: ReadonlyMap<string, PackageManifest>, specifier: string): PackageManifest | null {
  const parts = specifier.split('/');
  const name = specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
  return byName.get(name ?? '') ?? null;
}

function inPackage(own: PackageManifest, specifier: string, paths: ReadonlySet<string>): string | null {
  const below = specifier.slice((own.name ?? '').length + 1);
  const folder = dirname(own.path) === '.' ? '' : `${dirname(own.path)}/`;
  const bases =
    below === '' ? ['index', 'src/index', 'lib/index', 'main', 'src/main'] : [below, `src/${below}`];
  for (const base of bases) {
    for (const tail of ['', ...EXTENSIONS, ...EXTENSIONS.map((extension) => `/index${extension}`)]) {
      const path = `${folder}${base}${tail}`;
      if (paths.has(path)) return path;
    }
  }
  return null;
}

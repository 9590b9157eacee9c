import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CACHE } from './cache-folder.ts';
import { CRATES, crateFolders } from './crates.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A published package that carries its sources. */
interface SourcePackage {
  readonly name: string;
  readonly version: string;
  /** The folder to review, where it is not the package's own. */
  readonly folder?: string;
  /** Whether every finding on it as it is was read by hand. */
  readonly isLabelled?: boolean;
}

/** Permissively licensed, written by many hands, most of them with an HTTP server, some with their tests. */
export const PACKAGES: readonly SourcePackage[] = [
  { name: 'fastify', version: '5.12.8' },
  { name: 'express', version: '5.3.0' },
  { name: 'koa', version: '3.3.0' },
  { name: 'undici', version: '7.30.2' },
  { name: 'pino', version: '10.4.0' },
  { name: '@hapi/hapi', version: '21.4.10' },
  { name: '@hapi/iron', version: '7.0.1' },
  { name: '@fastify/rate-limit', version: '11.2.0' },
  { name: '@fastify/auth', version: '5.1.1' },
  { name: '@fastify/jwt', version: '10.2.8' },
  { name: '@fastify/cookie', version: '11.1.5' },
  { name: '@fastify/basic-auth', version: '6.3.0' },
  { name: '@fastify/bearer-auth', version: '10.1.3' },
  { name: 'jsonwebtoken', version: '9.0.3' },
  { name: 'cookie-signature', version: '1.2.2' },
  { name: '@node-oauth/oauth2-server', version: '5.3.0' },
  { name: '@trpc/server', version: '11.25.2' },
  { name: 'ai', version: '6.0.326' },
  { name: 'ghost', version: '5.130.6' },
  { name: 'express-gateway', version: '1.16.11' },
  // Here for its tests; most of them assert by types, and its findings are not among those read by hand.
  { name: 'zod', version: '4.6.7', folder: 'src', isLabelled: false },
];

/** The folder of a package's files, fetched once by npm's own client and left as it came. */
export function packageFolder({ name, version, folder = '' }: SourcePackage): string {
  const target = join(CACHE, 'packages', `${name.replace('/', '+')}@${version}`);
  if (!existsSync(target)) {
    const part = `${target}.part`;
    rmSync(part, { recursive: true, force: true });
    mkdirSync(part, { recursive: true });
    execFileSync('npm', ['pack', `${name}@${version}`, '--silent', '--pack-destination', part], {
      stdio: 'ignore',
    });
    const [archive] = readdirSync(part).filter((file) => file.endsWith('.tgz'));
    if (archive === undefined) throw new Error(`npm packed nothing for ${name}@${version}.`);
    execFileSync('tar', ['-xzf', archive, '--strip-components=1'], { cwd: part });
    rmSync(join(part, archive));
    renameSync(part, target);
  }
  return join(target, folder);
}

/** A tree to plant defects in: its files as texts, and a folder with them that may be changed. */
export interface Project {
  readonly name: string;
  readonly folder: string;
  readonly files: ReadonlyMap<string, string>;
}

/** Copies of this repository, of the small services written for this bench, and of the packages; or of the named ones. */
export function projects(names: readonly string[]): readonly Project[] {
  const isWanted = (name: string) => names.length === 0 || names.includes(name);
  const own = execFileSync(
    'git',
    ['ls-files', '-z', 'src', 'test', 'bin', 'scripts', 'config', 'package.json'],
    {
      cwd: ROOT,
      encoding: 'utf8',
    },
  );
  const paths = own.split('\0').filter((path) => path !== '' && existsSync(join(ROOT, path)));
  const ours = () =>
    copied('lakehouse', (target) => {
      for (const path of paths) {
        mkdirSync(dirname(join(target, path)), { recursive: true });
        cpSync(join(ROOT, path), join(target, path));
      }
    });
  const theirs = PACKAGES.filter(({ name }) => isWanted(name)).map((one) =>
    copied(one.name, (target) => cpSync(packageFolder(one), target, { recursive: true })),
  );
  return [
    ...(isWanted('lakehouse') ? [ours()] : []),
    ...(isWanted('services') ? [written('services', 'services.txt')] : []),
    ...theirs,
  ];
}

/** The small services written in Rust for this bench, and the crates where cargo is there to fetch them; or the named ones. */
export function rustProjects(names: readonly string[], onStep: (text: string) => void): readonly Project[] {
  const isWanted = (name: string) => names.length === 0 || names.includes(name);
  const folders = crateFolders();
  if (folders === null)
    onStep('There is no cargo here: only the services of this bench are read, and no crate.');
  const crates = CRATES.filter(
    ({ name, isPlanted }) => folders !== null && isPlanted !== false && isWanted(name),
  ).map(({ name }) =>
    copied(name, (target) => cpSync(folders?.get(name) ?? '', target, { recursive: true })),
  );
  return [...(isWanted('rust-services') ? [written('rust-services', 'rust-services.txt')] : []), ...crates];
}

/** A tree written down in one file beside this one. */
function written(name: string, file: string): Project {
  return copied(name, (target) => {
    const [, ...parts] = readFileSync(new URL(file, import.meta.url), 'utf8').split(/^-- (.+) --\n/m);
    for (let at = 0; at < parts.length; at += 2) {
      const path = join(target, parts[at] ?? '');
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, parts[at + 1] ?? '');
    }
  });
}

function copied(name: string, fill: (target: string) => void): Project {
  const folder = join(CACHE, 'trees', name.replace('/', '+'));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  fill(folder);
  // A repository of its own, so that git lists these files and not those of the repository around the cache.
  execFileSync('git', ['init', '--quiet'], { cwd: folder });
  const listed = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) =>
    path.replaceAll('\\', '/'),
  );
  const files = new Map<string, string>();
  for (const path of listed.sort()) {
    if (
      !/\.(?:[cm]?[jt]sx?|rs|toml|ya?ml|json)$/.test(path) ||
      /(?:^|\/)(?:\.git|built|dist|node_modules|fixtures)\//.test(path)
    )
      continue;
    const text = readFileSync(join(folder, path), 'utf8');
    if (text.length < 300_000) files.set(path, text);
  }
  return { name, folder, files };
}

export function writeFiles(project: Project, files: ReadonlyMap<string, string>): void {
  for (const [path, text] of files) writeFileSync(join(project.folder, path), text);
}

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

// A registry mirror need not hold the binaries of platforms it does not serve. npm then leaves them out of the lock, and
// `npm ci` refuses the lock on every machine. This adds what is missing, by the exact versions their parents name, so
// that each platform installs its own and skips the others.

interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
export interface Lockfile {
  readonly packages: Record<string, LockedPackage & Record<string, unknown>>;
}

const SYSTEMS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const PROCESSORS = [
  'arm64',
  'arm',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'x64',
  'wasm32',
];

/** Optional packages that a locked package names and the lock does not hold: name → exact version and who wants it. */
export function missingOptional(lock: Lockfile): ReadonlyMap<string, { version: string; dev: boolean }> {
  const missing = new Map<string, { version: string; dev: boolean }>();
  for (const [path, parent] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      const held = [`${path}/node_modules/${name}`, `node_modules/${name}`].some((at) => at in lock.packages);
      if (!held) missing.set(name, { version, dev: parent.dev === true });
    }
  }
  return missing;
}

/** What the lock says of a platform's package: enough for npm to know whether this machine wants it. */
function entry(
  name: string,
  wanted: { version: string; dev: boolean },
): LockedPackage & Record<string, unknown> {
  const words = name.replaceAll('/', '-').split('-');
  const named = (known: readonly string[]) => known.filter((one) => words.includes(one));
  const os = [...named(SYSTEMS), ...(words.includes('win') ? ['win32'] : [])];
  const cpu = [...named(PROCESSORS), ...(words.includes('armv7') || words.includes('armv6') ? ['arm'] : [])];
  if (os.length === 0 && cpu.length === 0) throw new Error(`${name} names no platform; install it by hand`);
  const libc = words
    .filter((word) => word === 'musl' || word === 'gnu')
    .map((word) => (word === 'gnu' ? 'glibc' : word));
  return {
    version: wanted.version,
    ...(cpu.length > 0 ? { cpu } : {}),
    ...(wanted.dev ? { dev: true } : {}),
    ...(libc.length > 0 ? { libc } : {}),
    optional: true,
    ...(os.length > 0 ? { os } : {}),
  };
}

/** The same lock with the missing packages in their places. */
export function completed(lock: Lockfile): Lockfile {
  const packages: Lockfile['packages'] = { ...lock.packages };
  for (const [name, wanted] of missingOptional(lock)) packages[`node_modules/${name}`] = entry(name, wanted);
  const paths = Object.keys(packages).sort();
  return { ...lock, packages: Object.fromEntries(paths.map((path) => [path, packages[path] ?? {}])) };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const file = fileURLToPath(new URL('../package-lock.json', import.meta.url));
  const lock: Lockfile = JSON.parse(readFileSync(file, 'utf8'));
  const { size } = missingOptional(lock);
  writeFileSync(file, `${JSON.stringify(completed(lock), null, 2)}\n`);
  console.log(`${size} packages of other platforms added to package-lock.json`);
}

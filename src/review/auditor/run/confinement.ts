import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, sep } from 'node:path';

/** What confines a program: words that go before its own, and in words what they do. */
export interface Confinement {
  readonly words: readonly string[];
  /** Says so where something could not be confined. */
  readonly limits: string;
  /** A shell stands before the program and tells of a signal that ended it by a code over 128. */
  readonly hasShell: boolean;
}

export interface ConfinedWork {
  readonly words: readonly string[];
  readonly folder: string;
  /** The one folder that the program may write to; `folder` is it or lies in it. A real path. */
  readonly writable: string;
  /** Folders that it needs besides, wherever they lie. */
  readonly readable: readonly string[];
  /** Where programs are looked for. */
  readonly searchPath: string;
  readonly timeoutMs: number;
  readonly memoryBytes: number;
}

const MOST_FILE_BYTES = 4_000_000_000;

/** Folders in which the sockets of other programs lie (agents, terminals, containers): through one, others would act. */
const HIDDEN = ['/run', '/tmp', '/var/tmp', '/dev/shm'] as const;

/**
 * Namespaces of its own for users, network, mounts, processes and IPC: no address but the loopback one, no process and
 * so no environment of another to read, and whatever it started ends with it.
 */
const NAMESPACES = ['unshare', '-r', '-n', '-m', '-p', '-i', '-f', '--kill-child', '--mount-proc'];

/**
 * Makes every file system read-only but the writable folder, empties the hidden folders but for what the program needs of
 * them, and gives up the rights by which that could be undone. What cannot be made read-only is hidden; where neither can
 * be, it fails. Arguments: the writable folder, the folder to run in, how many folders are kept, those, the command.
 */
const SETUP = `
set -e
own=$1 folder=$2 count=$3; shift 3
mount --make-rprivate /
mount --bind "$own" "$own"
while read -r _ _ _ _ at _; do
  at=$(printf %b "$at")
  if [ "$at" = "$own" ] || [ ! -e "$at" ]; then continue; fi
  mount -o remount,bind,ro "$at" 2>/dev/null || mount -t tmpfs -o ro none "$at"
done <<END
$(cat /proc/self/mountinfo)
END
exec 3<"$own"
at=0
for kept in "$@"; do
  if [ "$at" = "$count" ]; then break; fi
  at=$((at + 1)); mkdir -p "$own/.kept-$at"; mount --rbind "$kept" "$own/.kept-$at"
done
for hidden in ${HIDDEN.join(' ')}; do
  if [ -d "$hidden" ] && [ ! -L "$hidden" ]; then mount -t tmpfs -o mode=1777 none "$hidden"; fi
done
mkdir -p "$own"; mount -c --rbind /proc/self/fd/3 "$own"
exec 3<&-
at=0
while [ "$at" != "$count" ]; do
  at=$((at + 1)); mkdir -p "$1"; mount --rbind "$own/.kept-$at" "$1"; shift
done
mount -t devpts -o newinstance,ptmxmode=0666 none /dev/pts
ip link set lo up 2>/dev/null || true
cd "$folder"
set +e
setpriv --bounding-set=-all --inh-caps=-all --no-new-privs "$@"
exit $?
`;

/** As much as the system can do. A server that a test starts on the loopback address is no network. */
export function confinementOf(work: ConfinedWork): Confinement {
  const { searchPath, timeoutMs, memoryBytes } = work;
  const has = (words: readonly string[]) => {
    const [program = '', ...rest] = words;
    return spawnSync(program, rest, { env: { PATH: searchPath }, stdio: 'ignore' }).status === 0;
  };
  const seconds = Math.ceil(timeoutMs / 1000);
  const limits = [`--data=${memoryBytes}`, `--cpu=${seconds * 2}`, `--fsize=${MOST_FILE_BYTES}`, '--core=0'];
  const isLimited = has(['prlimit', ...limits, 'true']);
  const kept = keptFolders(work);
  const whole = [
    ...[...NAMESPACES, 'sh', '-c', SETUP, 'sh'],
    ...[work.writable, work.folder, String(kept.length), ...kept],
  ];
  const network = ['unshare', '-r', '-n', 'sh', '-c', 'ip link set lo up 2>/dev/null; exec "$@"', 'sh'];
  const isWhole = has([...whole, 'true']);
  const isCutOff = isWhole || has(['unshare', '-r', '-n', 'true']);
  return {
    words: [...(isWhole ? whole : isCutOff ? network : []), ...(isLimited ? ['prlimit', ...limits] : [])],
    limits: [
      isCutOff ? 'no network' : 'network NOT cut off: unshare does not work here',
      isWhole
        ? 'writes kept to its copy'
        : 'writes NOT kept to its copy: unshare, mount or setpriv do not work here',
      isLimited ? `${(memoryBytes / 1e9).toFixed(1)} GB` : 'memory NOT limited: prlimit does not work here',
      `${seconds} s`,
    ].join(', '),
    hasShell: isWhole,
  };
}

/** Folders of programs, and of what the work needs besides, that lie where everything else is hidden. */
function keptFolders({ words, readable, writable, searchPath }: ConfinedWork): readonly string[] {
  const programs = words.filter(isAbsolute).map(dirname);
  const wanted = [...searchPath.split(':').filter(isAbsolute), ...programs, ...readable];
  const real = wanted.flatMap((path) => {
    try {
      return [path, realpathSync(path)];
    } catch {
      return [];
    }
  });
  const isHidden = (path: string) => HIDDEN.some((hidden) => path.startsWith(hidden + sep));
  const kept = real.filter((path) => isHidden(path) && !`${path}/`.startsWith(writable + sep));
  return [...new Set(kept.map(installationOf))];
}

/** The programs of `node_modules/.bin` are links to other folders beside it. */
function installationOf(path: string): string {
  return /^.*?\/node_modules(?=\/)/.exec(path)?.[0] ?? path;
}

import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LakeError } from '../base/index.ts';
import { homeErrors } from './errors.ts';
import { homeLayout } from './layout.ts';

const OTHERS = 0o077;

/**
 * Throws `home.keys_exposed` where group or others have any right to a key file that belongs to this user. As with the keys
 * of OpenSSH, a file of somebody else is theirs to give out: a secret that the system mounts, for example.
 */
export function requirePrivateKeys(home: string): void {
  const { keys } = homeLayout(home);
  // What is missing there is told by who needs it.
  if (!existsSync(keys)) return;
  const own = process.getuid?.();
  const exposed = readdirSync(keys).filter((name) => {
    const found = statSync(join(keys, name), { throwIfNoEntry: false });
    return found !== undefined && found.uid === own && (found.mode & OTHERS) !== 0;
  });
  const [first] = exposed;
  if (first === undefined) return;
  const mode = (statSync(join(keys, first)).mode & 0o777).toString(8).padStart(4, '0');
  const files = exposed.map((name) => `keys/${name}`).join(' ');
  throw new LakeError(homeErrors.keys_exposed, {
    detail: `The key file keys/${first} of the home has mode ${mode}, which others can use. In the home, run: chmod 600 ${files}`,
  });
}

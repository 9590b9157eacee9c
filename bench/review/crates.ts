import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from './cache-folder.ts';

/** A published crate, with its tests where it carries them. */
export interface SourceCrate {
  readonly name: string;
  readonly version: string;
  /** Whether defects are planted in it; without, only its findings are read by hand. */
  readonly isPlanted?: boolean;
}

/** Permissively licensed, written by many hands: routers, guards, sessions, tokens, codes of authentication, and programs. */
export const CRATES: readonly SourceCrate[] = [
  { name: 'axum', version: '0.8.9' },
  { name: 'axum-login', version: '0.18.0' },
  { name: 'tower-http', version: '0.7.1' },
  { name: 'tower-sessions', version: '0.15.0' },
  { name: 'actix-web', version: '4.18.1' },
  { name: 'actix-session', version: '0.11.0' },
  { name: 'actix-web-httpauth', version: '0.8.3' },
  { name: 'rocket', version: '0.5.2' },
  { name: 'salvo-csrf', version: '1.1.0' },
  { name: 'jsonwebtoken', version: '12.0.0' },
  { name: 'cookie', version: '0.18.2' },
  { name: 'oauth2', version: '5.0.0' },
  { name: 'biscuit-auth', version: '6.0.0' },
  { name: 'casbin', version: '2.20.0' },
  { name: 'pasetors', version: '0.8.1' },
  { name: 'orion', version: '0.18.1' },
  { name: 'totp-rs', version: '6.0.0' },
  { name: 'ring', version: '0.17.14' },
  { name: 'iroh-relay', version: '1.4.1' },
  { name: 'atuin-server', version: '18.24.4' },
  { name: 'bore-cli', version: '0.6.0' },
  { name: 'dufs', version: '0.47.0' },
  { name: 'rustypaste', version: '0.18.1' },
  { name: 'hyper', version: '1.12.0', isPlanted: false },
  { name: 'rustls', version: '0.23.46', isPlanted: false },
  { name: 'poem', version: '3.1.12', isPlanted: false },
  { name: 'salvo_core', version: '1.1.0', isPlanted: false },
  { name: 'dropshot', version: '0.18.0', isPlanted: false },
  { name: 'loco-rs', version: '1.2.0', isPlanted: false },
];

/** The folders of the crates by their names, fetched once by cargo's own client and left as they came; null without cargo. */
export function crateFolders(): ReadonlyMap<string, string> | null {
  const folder = join(CACHE, 'crates');
  const folders = new Map(CRATES.map(({ name, version }) => [name, join(folder, `${name}-${version}`)]));
  if (![...folders.values()].every((one) => existsSync(one))) {
    if (!hasCargo()) return null;
    fetchCrates(folder);
  }
  return folders;
}

function hasCargo(): boolean {
  try {
    execFileSync('cargo', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** cargo vendors what they depend on too, which is let go. */
function fetchCrates(folder: string): void {
  const part = `${folder}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  const wanted = CRATES.map(
    ({ name, version }) => `${name} = { version = "=${version}", default-features = false }\n`,
  );
  const manifest =
    '[package]\nname = "crates-to-read"\nversion = "0.0.0"\nedition = "2021"\n[lib]\npath = "lib.rs"\n';
  writeFileSync(join(part, 'Cargo.toml'), `${manifest}[workspace]\n[dependencies]\n${wanted.join('')}`);
  writeFileSync(join(part, 'lib.rs'), '');
  execFileSync('cargo', ['vendor', '--quiet', '--versioned-dirs', 'vendor'], { cwd: part, stdio: 'ignore' });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { name, version } of CRATES)
    renameSync(join(part, 'vendor', `${name}-${version}`), join(folder, `${name}-${version}`));
  rmSync(part, { recursive: true });
}

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
} from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** Signs checkpoints. The private half stays inside. */
export interface CheckpointKey {
  readonly keyId: string;
  /** SPKI PEM, as `openssl pkeyutl -verify -rawin -pubin` takes it. */
  readonly publicKey: string;
  /** Ed25519 (RFC 8032) in base64. */
  sign(text: string): string;
}

/**
 * The key files of a home, mode 0600:
 *
 *   keys/checkpoint.ed25519            the key in force, PKCS #8 PEM
 *   keys/checkpoint.ed25519.<key id>   one made by a rotation whose commit has not been seen yet
 *
 * A rotation is decided by the store: the candidate it names takes the place of the key in force. So a crash between the commit and the rename is settled at the next start.
 */
export interface CheckpointKeyFiles {
  /** The key in force; null where there is no file. */
  current(): CheckpointKey | null;
  /** Makes a key beside the one in force. */
  createCandidate(): CheckpointKey;
  removeCandidate(keyId: string): void;
  /** Puts the key of this id in force, from the file in force or a candidate; null where the home has neither. */
  adopt(keyId: string): CheckpointKey | null;
  /** Removes what rotations that came to nothing left; at the start, when no other is under way. */
  removeCandidates(): void;
}

const FILE = 'checkpoint.ed25519';

export function checkpointKeyFiles(home: string): CheckpointKeyFiles {
  const folder = join(home, 'keys');
  const file = join(folder, FILE);
  const candidate = (keyId: string) => join(folder, `${FILE}.${keyId}`);
  const current = () => (existsSync(file) ? keyOf(readFileSync(file, 'utf8')) : null);
  return {
    current,
    createCandidate() {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const { privateKey } = generateKeyPairSync('ed25519');
      const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      const key = keyOf(pem);
      writeDurably(candidate(key.keyId), pem);
      fsyncPath(folder);
      return key;
    },
    removeCandidate: (keyId) => rmSync(candidate(keyId), { force: true }),
    adopt(keyId) {
      if (existsSync(candidate(keyId))) renameSync(candidate(keyId), file);
      const key = current();
      if (key?.keyId !== keyId) return null;
      fsyncPath(folder);
      return key;
    },
    removeCandidates() {
      for (const name of readdirSync(folder)) {
        if (name.startsWith(`${FILE}.`)) rmSync(join(folder, name), { force: true });
      }
    },
  };
}

/** The id of a public key: the first 16 hexadecimal digits of the SHA-256 of its SPKI bytes. */
export function publicKeyId(publicKey: string): string {
  const spki = createPublicKey(publicKey).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('hex').slice(0, 16);
}

/** False also where key or signature cannot be read. */
export function isSignedBy(publicKey: string, text: string, signature: string): boolean {
  try {
    const bytes = Buffer.from(signature, 'base64');
    // Only the one spelling we write counts, so that a changed byte of a stored signature never passes.
    if (bytes.toString('base64') !== signature) return false;
    return verify(null, Buffer.from(text), publicKey, bytes);
  } catch {
    return false;
  }
}

function keyOf(pem: string): CheckpointKey {
  const privateKey = createPrivateKey(pem);
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
  return {
    keyId: publicKeyId(publicKey),
    publicKey,
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString('base64'),
  };
}

function writeDurably(file: string, text: string): void {
  const handle = openSync(file, 'wx', 0o600);
  try {
    writeFileSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function fsyncPath(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * API keys: `lh_<env>_<keyId>_<secret><crc>`. The secret is 32 base62 characters (190 bits); the last six are the
 * CRC-32 of all before them in base62, so that a mistyped key is refused without a look-up.
 */
export interface ApiKey {
  readonly keyId: string;
  /** The whole key; what the keyed hash is taken of. */
  readonly text: string;
}

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const KEY_ID_LENGTH = 12;
const SECRET_LENGTH = 32;
const CRC_LENGTH = 6;
const FORM = /^lh_[a-z]{2,8}_([0-9A-Za-z]{12})_[0-9A-Za-z]{38}$/;
const LONGEST = 80;

/** A new key id. */
export function newKeyId(random: (sizeBytes: number) => Uint8Array): string {
  return base62(random, KEY_ID_LENGTH);
}

/** A new key with a fresh secret. */
export function newApiKey(parts: {
  environment: string;
  keyId: string;
  random: (sizeBytes: number) => Uint8Array;
}): ApiKey {
  const body = `lh_${parts.environment}_${parts.keyId}_${base62(parts.random, SECRET_LENGTH)}`;
  return { keyId: parts.keyId, text: body + checksum(body) };
}

/** Whether a key, or what looks like one, stands anywhere in a text. */
export function holdsKey(text: string): boolean {
  return /lh_[a-z]{2,8}_[0-9A-Za-z]{12}_[0-9A-Za-z]{32}/.test(text);
}

/** The key a text holds, or null where the form or the checksum is wrong. */
export function parseApiKey(text: string): ApiKey | null {
  if (text.length > LONGEST) return null;
  const keyId = FORM.exec(text)?.[1];
  if (keyId === undefined) return null;
  const body = text.slice(0, -CRC_LENGTH);
  return checksum(body) === text.slice(-CRC_LENGTH) ? { keyId, text } : null;
}

/** What is stored of a key: HMAC-SHA256 under the server's pepper, hex. */
export function hashApiKey(text: string, pepper: KeyObject): string {
  return createHmac('sha256', pepper).update(text).digest('hex');
}

/** Compares two hex digests of 32 bytes in constant time; a stored text of another length never matches. */
export function sameHash(given: string, stored: string): boolean {
  const a = Buffer.from(given, 'hex');
  const b = Buffer.from(stored, 'hex');
  const comparable = b.length === a.length ? b : Buffer.alloc(a.length);
  return timingSafeEqual(a, comparable) && b.length === a.length;
}

function checksum(body: string): string {
  let rest = crc32(body);
  let text = '';
  for (let index = 0; index < CRC_LENGTH; index++) {
    text = (ALPHABET[rest % 62] ?? '') + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}

/** Uniform base62 text: bytes of 248 and above are thrown away, so that no character is likelier than another. */
function base62(random: (sizeBytes: number) => Uint8Array, length: number): string {
  let text = '';
  while (text.length < length) {
    for (const byte of random(length)) {
      if (byte < 248 && text.length < length) text += ALPHABET[byte % 62] ?? '';
    }
  }
  return text;
}

import { LakeError } from '../../base/index.ts';
import { storageErrors } from './errors.ts';

/** The first part of every path that belongs to lakehouse itself inside a bucket's folder; never part of a key. */
export const RESERVED_FOLDER = '.lakehouse';

const MAX_KEY_BYTES = 1_024;
const MAX_PART_BYTES = 255;
const CONTROL = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
/** What a second decoding would turn into a separator, a dot or a terminator. */
const ENCODED_SEPARATOR = /%(?:2f|5c|2e|00|25)/i;

/** A key that was parsed: its parts are what paths are made of and compared by, never the text. */
export interface ObjectKey {
  readonly text: string;
  readonly parts: readonly string[];
}

/** Parses the key of one object. Throws `storage.invalid_key`. */
export function parseObjectKey(text: string): ObjectKey {
  if (text === '') throw invalid('The key is empty.');
  checkText(text);
  const parts = text.split('/');
  for (const part of parts) checkPart(part);
  checkReserved(parts);
  return { text, parts };
}

/**
 * Parses the prefix of a list: whole folders, then the beginning of a name, which may be empty. Throws
 * `storage.invalid_key`.
 */
export function parsePrefix(text: string): { readonly folders: readonly string[]; readonly start: string } {
  checkText(text);
  const parts = text.split('/');
  const start = parts.pop() ?? '';
  for (const part of parts) checkPart(part);
  checkReserved(parts);
  return { folders: parts, start };
}

/** Whether a name met in a bucket's folder could be a part of a key; others are not shown. */
export function isKeyPart(name: string): boolean {
  try {
    parseObjectKey(name);
    return !name.includes('/');
  } catch {
    return false;
  }
}

function checkText(text: string): void {
  if (!text.isWellFormed()) throw invalid('The key is not well-formed Unicode.');
  if (Buffer.byteLength(text) > MAX_KEY_BYTES)
    throw invalid(`The key is longer than ${MAX_KEY_BYTES} bytes.`);
  if (CONTROL.test(text)) throw invalid('The key holds a control character.');
  if (text.includes('\\')) throw invalid('The key holds a backslash.');
  if (ENCODED_SEPARATOR.test(text))
    throw invalid('The key holds a percent-encoded separator; encode it once only.');
  if (text.normalize('NFC') !== text) throw invalid('The key is not in Unicode normal form NFC.');
}

function checkPart(part: string): void {
  if (part === '') throw invalid('The key has an empty part: a leading, trailing or double "/".');
  if (Buffer.byteLength(part) > MAX_PART_BYTES)
    throw invalid(`A part of the key is longer than ${MAX_PART_BYTES} bytes.`);
  // Look-alikes (U+FF0F, U+2024 …) of separators and dots, which a file system or a later layer could fold.
  const folded = part.normalize('NFKC');
  if (/^\.{1,2}$/.test(folded)) throw invalid('The key has a "." or ".." part.');
  if (/[/\\]/.test(folded)) throw invalid('The key holds a look-alike of a separator.');
}

function checkReserved(parts: readonly string[]): void {
  // Compared without case: on some file systems `.LakeHouse` is the same folder.
  if (parts[0]?.normalize('NFKC').toLowerCase() === RESERVED_FOLDER) {
    throw invalid(`Keys below "${RESERVED_FOLDER}/" are reserved.`);
  }
}

function invalid(detail: string): LakeError {
  return new LakeError(storageErrors.invalid_key, { detail });
}

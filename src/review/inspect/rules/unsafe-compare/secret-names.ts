// What the two sides of a comparison are called, and what the function around it: whether they are secrets.
import { isEnforcementPath, wordsOf } from '../../words.ts';

/** Where a comparison stands: the names of its sides, the words of the function around, whether the file signs bytes. */
export interface ComparedNames {
  readonly names: readonly string[];
  readonly purpose: readonly string[];
  readonly signs: boolean;
}

/** A value compared with an earlier or repeated one, which its owner knows anyway. */
export function isOfChange(name: string): boolean {
  return wordsOf(name).some((word) => CHANGE_WORDS.has(word));
}

export function isSecretName(
  name: string,
  { path, signs }: { readonly path: string; readonly signs: boolean },
): boolean {
  const words = wordsOf(name);
  const has = (word: string) => words.includes(word);
  if (words.some((word) => NAMES_OF_SECRETS.has(word)) && !words.some((word) => ABOUT_SECRETS.has(word)))
    return true;
  if (has('key') && (has('api') || has('secret'))) return !words.some((word) => ABOUT_SECRETS.has(word));
  if (words.at(-1) === 'token') {
    const isQualified = words.some((word) => TOKEN_KINDS.has(word));
    return isQualified || (words.length === 1 && isEnforcementPath(path));
  }
  // A signature is one of bytes only where bytes are signed.
  return signs && ['signature', 'hmac', 'mac', 'digest'].includes(words.at(-1) ?? '');
}

/** A function that says it compares in constant time, or that compares where bytes are signed. */
export function promisesSafety({ purpose, signs }: ComparedNames): boolean {
  return has(purpose, EQUAL_WORDS) && (has(purpose, SAFE_WORDS) || signs);
}

/** One side is what is expected, or what a caller gave, where bytes are signed. */
export function areExpected({ names, signs }: ComparedNames): boolean {
  return signs && names.some((name) => has(wordsOf(name), EXPECTED_WORDS));
}

/** One side proves something, in a function about a secret. */
export function areProofs({ names, purpose, signs }: ComparedNames): boolean {
  const isOfSecret = has(purpose, SECRET_WORDS) || (signs && purpose.includes('signature'));
  return isOfSecret && names.some((name) => has(wordsOf(name), PROOF_WORDS));
}

function has(words: readonly string[], wanted: ReadonlySet<string>): boolean {
  return words.some((word) => wanted.has(word));
}

const NAMES_OF_SECRETS: ReadonlySet<string> = new Set([
  ...['secret', 'password', 'passwd', 'passphrase', 'hmac', 'apikey', 'passcode', 'otp'],
]);
const SECRET_WORDS: ReadonlySet<string> = new Set([...NAMES_OF_SECRETS, 'token', 'csrf', 'mac', 'webhook']);
/** A name about a secret rather than one: `passwordField`, `secretId`, `apiKeyName`. */
const ABOUT_SECRETS: ReadonlySet<string> = new Set([
  ...[
    'field',
    'id',
    'name',
    'type',
    'kind',
    'length',
    'input',
    'element',
    'version',
    'policy',
    'hint',
    'mode',
  ],
  ...['count', 'strength', 'algorithm', 'path', 'file', 'label', 'index', 'provider', 'source', 'status'],
  ...['enabled', 'required', 'is', 'has', 'ids', 'names', 'header'],
]);
const TOKEN_KINDS: ReadonlySet<string> = new Set([
  ...['auth', 'access', 'refresh', 'csrf', 'xsrf', 'api', 'session', 'bearer', 'reset', 'invite'],
  ...['verification', 'secret', 'admin', 'webhook', 'provided', 'expected'],
]);
/** A value compared with an earlier or repeated one, which its owner knows anyway. */
const CHANGE_WORDS: ReadonlySet<string> = new Set([
  ...['confirm', 'confirmation', 'confirmed', 'repeat', 'repeated', 'again', 'retype', 'previous', 'prev'],
  ...['last', 'bad', 'common', 'old', 'current', 'cached', 'next', 'new', 'original', 'initial'],
]);
const SAFE_WORDS: ReadonlySet<string> = new Set(['safe', 'timing', 'constant', 'secure', 'safely']);
const EQUAL_WORDS: ReadonlySet<string> = new Set(['equal', 'equals', 'compare', 'compares', 'match', 'same']);
const PROOF_WORDS: ReadonlySet<string> = new Set([
  ...['hash', 'hashes', 'hashed', 'digest', 'signature', 'expected', 'computed', 'actual', 'mac', 'hmac'],
]);
/** The halves of a comparison of proofs: what is expected, and what a caller gave. */
const EXPECTED_WORDS: ReadonlySet<string> = new Set([
  ...['expected', 'trusted', 'computed', 'known', 'stored', 'given', 'provided'],
]);

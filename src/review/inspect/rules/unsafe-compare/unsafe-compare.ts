import { placeOf, type Rule } from '../../rule.ts';
import { functionAround, functionName } from '../../syntax/functions.ts';
import type { Node, NodeOf, ParsedSource } from '../../syntax/parsed-source.ts';
import { isEnforcementPath, wordsOf } from '../../words.ts';

/** Secrets compared so that the time taken tells how much of a guess was right. */
export const unsafeCompare: Rule = {
  id: 'unsafe-compare',
  severity: 'error',
  title: 'secrets compared in a time that depends on them',
  remedy: 'Compare hashes of equal length with crypto.timingSafeEqual.',
  start: () => ({
    source(file, report) {
      if (file.role !== 'production') return;
      for (const comparison of file.nodesOf('BinaryExpression')) {
        if (!/^[!=]==?$/.test(comparison.operator) || !comparesSecrets(file, comparison)) continue;
        const text = file.textOf(comparison).replaceAll(/\s+/g, ' ').slice(0, 80);
        report({
          place: placeOf(file, comparison),
          claim: `\`${text}\` ends at the first byte that differs, and so tells how much of a guess was right.`,
        });
      }
    },
  }),
};

function comparesSecrets(file: ParsedSource, comparison: NodeOf<'BinaryExpression'>): boolean {
  const { left, right } = comparison;
  if (![left, right].every((side) => isDynamic(file, side))) return false;
  const names = [nameOf(file, left), nameOf(file, right)];
  if (names.some((name) => wordsOf(name).some((word) => CHANGE_WORDS.has(word)))) return false;
  if (areStored(file, left, right) || isRespelled(file, left, right) || isRespelled(file, right, left))
    return false;
  const around = functionAround(file, comparison);
  // Beside a comparison in constant time, another one compares what that one has proved.
  if (around !== null && comparesInConstantTime(file.textOf(around))) return false;
  if (names.some((name) => isSecretName(file, name))) return true;
  const purpose = wordsOf(around === null ? '' : (functionName(file, around) ?? ''));
  const isPurpose = (words: ReadonlySet<string>) => purpose.some((word) => words.has(word));
  const isNamed = (words: ReadonlySet<string>) =>
    names.some((name) => wordsOf(name).some((word) => words.has(word)));
  // What promises a constant time, or is one of two proofs where bytes are signed.
  const signs = signsBytes(file);
  if (isPurpose(EQUAL_WORDS) && (isPurpose(SAFE_WORDS) || signs))
    return [left, right].every((side) => side.type === 'Identifier');
  if (signs && isNamed(EXPECTED_WORDS) && isPlain(left) && isPlain(right)) return true;
  return isNamed(PROOF_WORDS) && (isPurpose(SECRET_WORDS) || (signs && purpose.includes('signature')));
}

/** A call of `timingSafeEqual` on two values; one on the same value twice only spends the time. */
function comparesInConstantTime(text: string): boolean {
  return [...text.matchAll(/\btimingSafeEqual\(\s*([^,()]*)(?:,\s*([^,()]*))?/g)].some(
    ([, a = '', b = '']) => a.trim() !== b.trim() || a.trim() === '',
  );
}

function isPlain(side: Node): boolean {
  return side.type === 'Identifier' || side.type === 'CallExpression';
}

/** The same member of two records, of which no request gave one. */
function areStored(file: ParsedSource, left: Node, right: Node): boolean {
  if (left.type !== 'MemberExpression' || right.type !== 'MemberExpression') return false;
  if (nameOf(file, left) !== nameOf(file, right)) return false;
  return ![left, right].some((side) =>
    /^(?:req|request|ctx|body|query|params|headers|input|payload)\b/.test(file.textOf(side)),
  );
}

/** `given.toString('hex') !== text` where `given` is `Buffer.from(text, 'hex')`: whether a value is spelled the one way. */
function isRespelled(file: ParsedSource, spelled: Node, source: Node): boolean {
  if (spelled.type !== 'CallExpression' || spelled.callee.type !== 'MemberExpression') return false;
  if (source.type !== 'Identifier' || file.textOf(spelled.callee.property) !== 'toString') return false;
  const value = file.textOf(spelled.callee.object);
  return file.nodesOf('VariableDeclarator').some(({ id, init }) => {
    if (init?.type !== 'CallExpression' || file.textOf(id) !== value) return false;
    const [made, ...others] = init.arguments;
    return (
      file.textOf(init.callee) === 'Buffer.from' &&
      made !== undefined &&
      file.textOf(made) === source.name &&
      others.every(({ type }) => type === 'Literal')
    );
  });
}

/** A value that only the run knows: no literal, no kind of token, no length. */
function isDynamic(file: ParsedSource, side: Node): boolean {
  switch (side.type) {
    case 'Identifier':
      return side.name !== 'undefined' && !/^[A-Z\d_]+$/.test(side.name);
    case 'MemberExpression': {
      const name = file.textOf(side.property);
      // `secrets[0]`: which of the own secrets it is.
      if (side.computed && side.property.type === 'Literal' && typeof side.property.value === 'number')
        return false;
      // `TokenKind.AccessToken`, `SIGNATURE.NONE`, `secret.length`
      return (
        !/^[A-Z]\w*\.\w+$/.test(file.textOf(side)) && !/^(?:length|size|byteLength|type|kind)$/.test(name)
      );
    }
    case 'CallExpression':
      return true;
    case 'TemplateLiteral':
      return side.expressions.length > 0;
    case 'ChainExpression':
    case 'TSNonNullExpression':
    case 'TSAsExpression':
      return isDynamic(file, side.expression);
    default:
      return false;
  }
}

function nameOf(file: ParsedSource, side: Node): string {
  switch (side.type) {
    case 'Identifier':
      return side.name;
    case 'MemberExpression':
      return side.computed && side.property.type === 'Literal'
        ? String(side.property.value)
        : side.computed
          ? nameOf(file, side.object)
          : file.textOf(side.property);
    case 'CallExpression': {
      // request.header('x-api-key'), headers.get('x-api-key'), createHmac(…).digest('hex')
      const callee = nameOf(file, side.callee);
      const [argument] = side.arguments;
      const isLookup = /^(?:get|header|headers)$/.test(callee) && argument?.type === 'Literal';
      return isLookup ? String(argument.value) : callee;
    }
    case 'TemplateLiteral':
      return side.expressions.map((one) => nameOf(file, one)).join('_');
    case 'ChainExpression':
    case 'TSNonNullExpression':
    case 'TSAsExpression':
      return nameOf(file, side.expression);
    default:
      return '';
  }
}

function isSecretName(file: ParsedSource, name: string): boolean {
  const words = wordsOf(name);
  const has = (word: string) => words.includes(word);
  if (words.some((word) => NAMES_OF_SECRETS.has(word)) && !words.some((word) => ABOUT_SECRETS.has(word)))
    return true;
  if (has('key') && (has('api') || has('secret'))) return !words.some((word) => ABOUT_SECRETS.has(word));
  if (words.at(-1) === 'token') {
    const isQualified = words.some((word) => TOKEN_KINDS.has(word));
    return isQualified || (words.length === 1 && isEnforcementPath(file.path));
  }
  // A signature is one of bytes only where bytes are signed.
  return signsBytes(file) && ['signature', 'hmac', 'mac', 'digest'].includes(words.at(-1) ?? '');
}

function signsBytes(file: ParsedSource): boolean {
  return /\b(?:createHmac|timingSafeEqual|createVerify)\b/.test(file.text);
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

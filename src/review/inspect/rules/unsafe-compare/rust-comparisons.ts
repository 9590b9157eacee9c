import { type Place, placeOfRust } from '../../rule.ts';
import type { RustNode } from '../../rust/rust-node.ts';
import type { RustSource } from '../../rust/rust-source.ts';
import { wordsOf } from '../../words.ts';
import { CONSTANT_TIME, type OperandOrigin } from './rust-equality.ts';
import { bare, functionAround, isDynamic, nameOf, originOf, typeAround } from './rust-operands.ts';
import { areExpected, areProofs, isOfChange, isSecretName, promisesSafety } from './secret-names.ts';

/** `==` or `!=` between secrets that only the run knows. */
export interface RustComparison {
  readonly place: Place;
  readonly text: string;
  readonly operands: readonly OperandOrigin[];
}

export function rustComparisons(file: RustSource): readonly RustComparison[] {
  return file.nodesOf('binary_expression').flatMap((node) => {
    if (!/^[!=]=$/.test(node.field('operator')?.text() ?? '') || file.isTestCode(node)) return [];
    const [left, right] = [node.field('left'), node.field('right')];
    if (left === null || right === null || !comparesSecrets(file, { node, left, right })) return [];
    return [
      { place: placeOfRust(file, node), text: node.text(), operands: [originOf(left), originOf(right)] },
    ];
  });
}

interface Compared {
  readonly node: RustNode;
  readonly left: RustNode;
  readonly right: RustNode;
}

function comparesSecrets(file: RustSource, { node, left, right }: Compared): boolean {
  if (!isDynamic(left) || !isDynamic(right)) return false;
  const names = [nameOf(left), nameOf(right)];
  if (names.some((name) => isOfChange(name) || wordsOf(name).includes('public'))) return false;
  const around = functionAround(node);
  // Beside a comparison in constant time, another one compares what that one has proved.
  if (around !== null && CONSTANT_TIME.test(around.field('body')?.text() ?? '')) return false;
  const signs = SIGNS.test(file.text);
  const isSecret = (name: string) =>
    isSecretName(name, { path: file.path, signs }) || (signs && PROOFS.has(wordsOf(name).at(-1) ?? ''));
  const purpose = purposeOf(around);
  // What says that it takes its time as it comes is for what is public.
  if (purpose.some((word) => /^(?:vartime|variable)$/.test(word))) return false;
  const isEquality = purpose.length === 1 && purpose[0] === 'eq';
  // An equality written by hand, with a comparison in constant time at hand.
  if (isEquality && IMPORTS_CONSTANT_TIME.test(file.text) && isSecretType(typeAround(node))) return true;
  if (isEquality) return isSecret(typeAround(node)) || names.some(isSecret);
  const sides = { names, purpose, signs };
  if (promisesSafety(sides))
    return [left, right].every((side) => /^(?:identifier|field_expression)$/.test(String(bare(side).kind())));
  // The same member of two records, of which no request gave one.
  if (areMembers(left, right) && names[0] === names[1]) return false;
  if (names.some(isSecret)) return true;
  const isDerived = signs && names.some((name) => wordsOf(name).some((word) => DERIVED.has(word)));
  return isDerived || areExpected(sides) || areProofs(sides);
}

/** What proves something in a file that signs: `received_tag`, `session_auth_hash`, `csrf_token`. */
const PROOFS: ReadonlySet<string> = new Set(['tag', 'proof', 'hash', 'token']);
const DERIVED: ReadonlySet<string> = new Set(['derived', 'calculated', 'received']);
const IMPORTS_CONSTANT_TIME = /\buse (?:subtle|constant_time_eq|ring::constant_time)\b/;
const SIGNS =
  /\b(?:[Aa]ead\w*|\w*[Pp]oly1305\w*|\w+[Gg]cm|Hmac\w*|hmac\w*|HMAC\w*|Mac|ConstantTimeEq|ct_eq|constant_time\w*|verify_slice\w*|secure_cmp|fixed_time_eq|keyed_hash)\b/;

/** `fn secure_eq` is meant to compare safely. */
function purposeOf(around: RustNode | null): readonly string[] {
  const words = wordsOf(around?.field('name')?.text() ?? '');
  if (words.length < 2) return words;
  return words.map((word) => LONG_WORDS.get(word) ?? word);
}

const LONG_WORDS: ReadonlyMap<string, string> = new Map([
  ['eq', 'equal'],
  ['cmp', 'compare'],
  ['ct', 'constant'],
]);

/** `SymmetricKey`, `StreamTag`; not `PublicKey`. */
function isSecretType(type: string): boolean {
  const words = wordsOf(type);
  return words.some((word) => SECRET_TYPES.has(word)) && !words.some((word) => PUBLIC_TYPES.has(word));
}

const SECRET_TYPES: ReadonlySet<string> = new Set([
  ...['key', 'secret', 'tag', 'mac', 'seal', 'token', 'password', 'seed', 'code', 'hash'],
]);
const PUBLIC_TYPES: ReadonlySet<string> = new Set(['public', 'verifying', 'encap', 'encapsulation']);

function areMembers(left: RustNode, right: RustNode): boolean {
  return [left, right].every((side) => bare(side).kind() === 'field_expression');
}

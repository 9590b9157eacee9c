import { placeOf, type Rule } from '../../rule.ts';
import { functionAround, functionName } from '../../syntax/functions.ts';
import type { Node, NodeOf, ParsedSource } from '../../syntax/parsed-source.ts';
import { wordsOf } from '../../words.ts';
import { type RustComparison, rustComparisons } from './rust-comparisons.ts';
import { createRustEqualities } from './rust-equality.ts';
import { areExpected, areProofs, isOfChange, isSecretName, promisesSafety } from './secret-names.ts';

/** Secrets compared so that the time taken tells how much of a guess was right. */
export const unsafeCompare: Rule = {
  id: 'unsafe-compare',
  severity: 'error',
  title: 'secrets compared in a time that depends on them',
  remedy: 'Compare hashes of equal length with crypto.timingSafeEqual.',
  start() {
    const equalities = createRustEqualities();
    const comparisons: RustComparison[] = [];
    return {
      source(file, report) {
        if (file.role !== 'production') return;
        for (const comparison of file.nodesOf('BinaryExpression')) {
          if (!/^[!=]==?$/.test(comparison.operator) || !comparesSecrets(file, comparison)) continue;
          report({ place: placeOf(file, comparison), claim: hasty(file.textOf(comparison)) });
        }
      },
      rust(file) {
        equalities.read(file);
        if (file.role === 'production') comparisons.push(...rustComparisons(file));
      },
      finish(_project, report) {
        for (const { place, text, operands } of comparisons)
          if (!operands.some((one) => equalities.isSafe(one)))
            report({ place, claim: hasty(text), remedy: RUST_REMEDY });
      },
    };
  },
};

const RUST_REMEDY =
  'Compare with ct_eq of subtle, or let the code verify itself: verify_slice of Hmac, verify of a signature.';

function hasty(text: string): string {
  return `\`${text.replaceAll(/\s+/g, ' ').slice(0, 80)}\` ends at the first byte that differs, and so tells how much of a guess was right.`;
}

function comparesSecrets(file: ParsedSource, comparison: NodeOf<'BinaryExpression'>): boolean {
  const { left, right } = comparison;
  if (![left, right].every((side) => isDynamic(file, side))) return false;
  const names = [nameOf(file, left), nameOf(file, right)];
  if (names.some(isOfChange)) return false;
  if (areStored(file, left, right) || isRespelled(file, left, right) || isRespelled(file, right, left))
    return false;
  const around = functionAround(file, comparison);
  // Beside a comparison in constant time, another one compares what that one has proved.
  if (around !== null && comparesInConstantTime(file.textOf(around))) return false;
  if (names.some((name) => isSecretName(name, { path: file.path, signs: signsBytes(file) }))) return true;
  const purpose = wordsOf(around === null ? '' : (functionName(file, around) ?? ''));
  const sides = { names, purpose, signs: signsBytes(file) };
  if (promisesSafety(sides)) return [left, right].every((side) => side.type === 'Identifier');
  return (isPlain(left) && isPlain(right) && areExpected(sides)) || areProofs(sides);
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

function signsBytes(file: ParsedSource): boolean {
  return /\b(?:createHmac|timingSafeEqual|createVerify)\b/.test(file.text);
}

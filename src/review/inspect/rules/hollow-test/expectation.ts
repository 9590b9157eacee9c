import { functionAround, isWithin, lastName } from '../../syntax/functions.ts';
import type { Node, NodeOf, ParsedSource } from '../../syntax/parsed-source.ts';

/** What an expectation that can not fail claims; null where it can. */
export function isHollowExpectation(file: ParsedSource, call: NodeOf<'CallExpression'>): string | null {
  if (isBareExpect(file, call)) return '`expect` without a matcher asserts nothing.';
  const found = expectationOf(file, call);
  if (found === null) return null;
  const { actual, matcher, expected, isNegated } = found;
  if (/Snapshot$/.test(matcher) && (actual === null || isNothing(actual)))
    return 'A snapshot is taken of nothing.';
  if (actual === null || expected === null || isNegated || !EQUALITY.test(matcher)) return null;
  const source = statedValue(file, expected, call);
  const tested = actual.type === 'AwaitExpression' ? actual.argument : actual;
  if (file.textOf(tested) !== file.textOf(source) || isAboutSameness(file, call)) return null;
  if (source.type === 'CallExpression' && isDeterministicCall(file, source))
    return 'The expected value is computed by the very call under test.';
  return actual.type === 'Identifier' && expected.type === 'Identifier'
    ? 'A value is compared with itself.'
    : null;
}

/** Whether a call asserts something of a constant, and so always holds. */
export function assertsConstant(file: ParsedSource, call: NodeOf<'CallExpression'>): boolean {
  const found = expectationOf(file, call);
  if (found === null || found.actual === null || !isConstant(found.actual)) return false;
  const { actual, matcher, expected, isNegated } = found;
  if (expected === null) return PASSES_ALONE.test(matcher) && holdsAlone(matcher, actual) !== isNegated;
  // A constant that does not hold marks a place the test must not reach.
  return isConstant(expected) && (file.textOf(actual) === file.textOf(expected)) !== isNegated;
}

/** A promise of an assertion that nothing waits for: `expect(…).rejects.toThrow()`, `assert.rejects(…)`. */
export function isNotAwaited(file: ParsedSource, call: NodeOf<'CallExpression'>): string | null {
  if (file.parentOf(call)?.type !== 'ExpressionStatement') return null;
  const text = file.textOf(call.callee);
  const isPromise =
    /^assert(?:\.strict)?\.(?:rejects|doesNotReject)$/.test(text) ||
    (/^expect\(/.test(text) && /\)\s*\.(?:resolves|rejects)\b[\s\w.]*$/.test(text));
  return isPromise ? 'Nothing waits for the assertion, so that the test ends before it fails.' : null;
}

interface Expectation {
  readonly actual: Node | null;
  readonly matcher: string;
  readonly expected: Node | null;
  readonly isNegated: boolean;
}

/** `expect(actual).matcher(expected)`, `assert.equal(actual, expected)`, `t.equal(actual, expected)`, `assert(actual)`. */
function expectationOf(file: ParsedSource, call: NodeOf<'CallExpression'>): Expectation | null {
  const matcher = lastName(file, call.callee);
  if (matcher === null) return null;
  const [first = null, second = null] = call.arguments;
  if (call.callee.type === 'Identifier')
    return matcher === 'assert' ? { actual: first, matcher: 'ok', expected: null, isNegated: false } : null;
  let isNegated = false;
  if (call.callee.type !== 'MemberExpression') return null;
  for (let at: Node = call.callee.object; ; ) {
    if (at.type === 'MemberExpression' && !at.computed) {
      if (file.textOf(at.property) === 'not') isNegated = true;
      at = at.object;
    } else if (at.type === 'CallExpression') {
      const isExpect = at.callee.type === 'Identifier' && at.callee.name === 'expect';
      return isExpect ? { actual: at.arguments[0] ?? null, matcher, expected: first, isNegated } : null;
    } else break;
  }
  if (!/^(?:assert|t)(?:\.(?:assert|strict))?$/.test(file.textOf(call.callee.object))) return null;
  const isUnary = /^(?:ok|true|false|notOk|truthy|falsy)$/.test(matcher);
  return {
    actual: first,
    matcher,
    expected: isUnary ? null : second,
    isNegated: /^(?:not|false|falsy)/.test(matcher),
  };
}

const EQUALITY =
  /^(?:toBe|toEqual|toStrictEqual|equal|equals|strictEqual|deepEqual|deepStrictEqual|same|is|eql|eq|strictSame)$/;
const PASSES_ALONE = /^(?:toBeTruthy|toBeFalsy|toBeDefined|ok|true|truthy|pass)$/;

function holdsAlone(matcher: string, actual: Node): boolean {
  const isTruthy = actual.type === 'Literal' && Boolean(actual.value);
  return matcher === 'toBeFalsy' ? !isTruthy : isTruthy || matcher === 'toBeDefined';
}

function isConstant(node: Node): boolean {
  return node.type === 'Literal' || (node.type === 'TemplateLiteral' && node.expressions.length === 0);
}

function isNothing(node: Node): boolean {
  return (
    (node.type === 'Identifier' && node.name === 'undefined') ||
    (node.type === 'Literal' && (node.value === null || node.value === ''))
  );
}

function isBareExpect(file: ParsedSource, call: NodeOf<'CallExpression'>): boolean {
  return (
    call.callee.type === 'Identifier' &&
    call.callee.name === 'expect' &&
    file.parentOf(call)?.type === 'ExpressionStatement' &&
    call.arguments.length === 1
  );
}

/** The expected value, or the call that a constant of the test named `expected` was given. */
function statedValue(file: ParsedSource, node: Node, call: Node): Node {
  const value = node.type === 'AwaitExpression' ? node.argument : node;
  if (value.type !== 'Identifier' || !/^(?:expected|want|wanted)/i.test(value.name)) return value;
  const around = functionAround(file, call);
  const declared = file
    .nodesOf('VariableDeclarator')
    .filter(
      (one) =>
        around !== null &&
        isWithin(one, around) &&
        one.id.type === 'Identifier' &&
        one.id.name === value.name,
    );
  const [only] = declared;
  if (declared.length !== 1 || only?.init == null) return value;
  const declaration = file.parentOf(only);
  if (declaration?.type !== 'VariableDeclaration' || declaration.kind !== 'const') return value;
  return only.init.type === 'AwaitExpression' ? only.init.argument : only.init;
}

/** Two calls alike that a test could want to be alike: a cache, a copy, an iterator, a random source. */
function isAboutSameness(file: ParsedSource, call: Node): boolean {
  return /determin|stable|same|idempot|memo|cach|singleton|reus|once|equal|identi|consisten|referen|repeat|twice|immutab|pure|symbol|lazy|circular|self/i.test(
    file.symbolAround(call).slice(0, 1_000),
  );
}

/** A plain call with arguments; one without any asks for the state of something, which the test may have changed. */
function isDeterministicCall(file: ParsedSource, call: NodeOf<'CallExpression'>): boolean {
  return (
    call.arguments.length > 0 &&
    !/\b(?:random|next|now|uuid|shift|pop|read)\w*$/i.test(file.textOf(call.callee))
  );
}

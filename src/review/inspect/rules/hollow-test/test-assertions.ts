import { posix } from 'node:path';
import { sourceRoleOf } from '../../source-role.ts';
import {
  type FunctionNode,
  functionName,
  functionsOf,
  isFunction,
  isWithin,
  lastName,
  parameterNames,
} from '../../syntax/functions.ts';
import type { Node, NodeOf, ParsedSource } from '../../syntax/parsed-source.ts';
import { wordsOf } from '../../words.ts';
import type { TestCase } from './test-cases.ts';

/**
 * Whether something in a test can fail it, apart from an error that the code under test throws. A function of the test
 * support can where `isAsserting` says so of its name.
 */
export function hasAssertion(
  file: ParsedSource,
  test: TestCase,
  isAsserting: (name: string) => boolean,
): boolean {
  // A title that promises no error is kept by the runner.
  if (promisesNoError(test)) return true;
  const { body } = test;
  if (body.body === null || isEmpty(body)) return false;
  const [context = null] = parameterNames(body);
  return (
    assertionsIn(file, body).length > 0 ||
    givesContextAway(file, body, context) ||
    callsAsserting(file, body, isAsserting, new Set()) ||
    waits(file, body) ||
    file.nodesOf('TSSatisfiesExpression').some((one) => isWithin(one, body)) ||
    file.nodesOf('ThrowStatement').some((one) => isWithin(one, body)) ||
    file.comments.some(
      (one) => one.start > body.start && one.end < body.end && /@ts-expect-error/.test(one.value),
    )
  );
}

/** Whether a test's title promises only that nothing is thrown. */
export function promisesNoError({ title }: TestCase): boolean {
  return NO_ERROR.test(title);
}

const NO_ERROR =
  /(?:\b(?:not|never|without|no)\b|n't)[^'"`]*\b(?:throw|throws|throwing|crash|crashes|error|errors|fail|fails|hang|leak|warn|reject)|\b(?:smoke|compiles|typechecks?|success\w*|succeeds?|pass(?:es|ing)?)\b/i;

/** Something that only a right state ends: an event, a child process that answers 0. */
function waits(file: ParsedSource, body: FunctionNode): boolean {
  return file.nodesOf('AwaitExpression').some((one) => {
    const { argument } = one;
    // What is kept was waited for to be looked at.
    if (!isWithin(one, body) || file.parentOf(one)?.type !== 'ExpressionStatement') return false;
    if (argument.type === 'Identifier') return true;
    return argument.type === 'CallExpression' && WAITING.test(file.textOf(argument.callee));
  });
}

const WAITING =
  /\b(?:once|until|waitFor\w*|inTime|eventually|finished|exec\w*|spawn\w*|promisify|execa|findBy\w*)\b/;

/** Whether a test computes what it never looks at, or catches what would have failed it. */
export function dropsResults(file: ParsedSource, { body }: TestCase): boolean {
  if (isEmpty(body)) return true;
  const isUnread = file.nodesOf('VariableDeclarator').some((one) => {
    if (!isWithin(one, body) || one.id.type !== 'Identifier' || one.init === null) return false;
    return file.variables(one.id.name).filter((mention) => isWithin(mention, body)).length === 1;
  });
  return (
    isUnread || file.nodesOf('CatchClause').some((one) => isWithin(one, body) && one.body.body.length === 0)
  );
}

/** The calls within a function that assert: `expect(…)`, `assert.equal(…)`, `t.ok(…)`, `response.expect(200)`. */
export function assertionsIn(file: ParsedSource, body: FunctionNode): readonly Node[] {
  const calls = file.nodesOf('CallExpression').filter((one) => isWithin(one, body) && isAssertion(file, one));
  const chains = file
    .nodesOf('MemberExpression')
    .filter((one) => isWithin(one, body) && !one.computed && file.textOf(one.property) === 'should');
  // `check(assert.equal, value)`
  const handed = [...file.variables('assert'), ...file.variables('expect')].filter(
    (one) => isWithin(one, body) && !isWithin(body, one) && isHanded(file, one),
  );
  return [...calls, ...chains, ...handed];
}

function isHanded(file: ParsedSource, mention: Node): boolean {
  const member = file.parentOf(mention);
  const value = member?.type === 'MemberExpression' ? member : mention;
  const parent = file.parentOf(value);
  return parent?.type === 'CallExpression' && parent.arguments.some((one) => one === value);
}

function isAssertion(file: ParsedSource, call: NodeOf<'CallExpression'>): boolean {
  const root = rootName(call.callee);
  if (root !== null && ASSERTING_ROOT.test(root)) return true;
  const name = lastName(file, call.callee);
  if (name === null || call.callee.type === 'Identifier') return false;
  // `t` of node:test, tap and ava; a matcher of any library.
  if (root !== null && /^(?:t|st|tt|tap|ctx)$/.test(root))
    return !CONTEXT_ONLY.test(file.textOf(call.callee));
  return wordsOf(name).some((word) => ASSERTING_WORDS.has(word));
}

const ASSERTING_ROOT =
  /^(?:expect\w*|assert\w*|should|chai|sinon|fail|mustCall|mustNotCall|strictEqual|deepEqual|deepStrictEqual|equal|notEqual|ok|throws|rejects|doesNotThrow|doesNotReject|invariant|tspl)$/i;

const ASSERTING_WORDS: ReadonlySet<string> = new Set(['expect', 'assert', 'should', 'asserts', 'expects']);

const CONTEXT_ONLY =
  /\.(?:test|after|before|beforeEach|afterEach|teardown|mock|diagnostic|comment|log|timeout|skip|todo|end|signal|name|setTimeout)\b/;

function rootName(callee: Node): string | null {
  switch (callee.type) {
    case 'Identifier':
      return callee.name;
    case 'MemberExpression':
      return rootName(callee.object);
    case 'CallExpression':
      return rootName(callee.callee);
    case 'ChainExpression':
    case 'TSNonNullExpression':
    case 'TSInstantiationExpression':
      return rootName(callee.expression);
    default:
      return null;
  }
}

function isEmpty({ body }: FunctionNode): boolean {
  return body?.type === 'BlockStatement' && body.body.length === 0;
}

/** The context, or the callback that ends the test, handed to another function, which may assert with it. */
function givesContextAway(file: ParsedSource, body: FunctionNode, context: string | null): boolean {
  return parameterNames(body).some((name) => {
    if (name === null) return context === null && body.params.length > 0;
    return file.variables(name).some((mention) => {
      if (!isWithin(mention, body)) return false;
      const parent = file.parentOf(mention);
      return parent?.type === 'CallExpression' && parent.arguments.some((one) => one === mention);
    });
  });
}

/** Calls of functions that assert: of this file, looked into, and of the test support. */
function callsAsserting(
  file: ParsedSource,
  body: FunctionNode,
  isAsserting: (name: string) => boolean,
  seen: Set<FunctionNode>,
): boolean {
  if (seen.has(body)) return false;
  seen.add(body);
  const mentioned = file
    .nodesOf('Identifier')
    .filter((one) => isWithin(one, body) && !isOnlyKey(file, one))
    .map(({ name }) => name);
  return [...new Set(mentioned)].some((name) => {
    const local = localFunction(file, name, body);
    if (local !== null)
      return assertionsIn(file, local).length > 0 || callsAsserting(file, local, isAsserting, seen);
    return isOfTestSupport(file, name) && isAsserting(name);
  });
}

function isOnlyKey(file: ParsedSource, node: Node): boolean {
  const parent = file.parentOf(node);
  return parent?.type === 'MemberExpression' && !parent.computed && parent.property === node;
}

function localFunction(file: ParsedSource, name: string, body: FunctionNode): FunctionNode | null {
  const declared = file.nodesOf('FunctionDeclaration').find((one) => one.id?.name === name);
  if (declared !== undefined) return isWithin(body, declared) ? null : declared;
  const variable = file
    .nodesOf('VariableDeclarator')
    .find((one) => one.id.type === 'Identifier' && one.id.name === name && isFunction(one.init));
  const value = variable?.init ?? null;
  return isFunction(value) && !isWithin(body, value) ? value : null;
}

function isOfTestSupport(file: ParsedSource, name: string): boolean {
  const fromSupport = (specifier: string) => {
    if (!specifier.startsWith('.')) return false;
    const path = posix.join(posix.dirname(file.path), specifier);
    const isCode = sourceRoleOf(path) === 'production' && sourceRoleOf(`${path}.ts`) === 'production';
    return !isCode || /(?:test|helper|harness|support|fixture|util|mock|setup)/i.test(specifier);
  };
  const isImported = file
    .nodesOf('ImportDeclaration')
    .some(
      ({ source, specifiers }) =>
        fromSupport(source.value) && specifiers.some((one) => one.local.name === name),
    );
  if (isImported) return true;
  return file.nodesOf('VariableDeclarator').some(({ id, init }) => {
    const required = /\brequire\(['"]([^'"]+)['"]\)/.exec(init === null ? '' : file.textOf(init))?.[1];
    return (
      required !== undefined &&
      fromSupport(required) &&
      new RegExp(`\\b${escaped(name)}\\b`).test(file.textOf(id))
    );
  });
}

function escaped(name: string): string {
  return name.replaceAll('$', '\\$');
}

/** The names that a file of tests or test support gives to functions with an assertion in them. */
export function assertingNames(file: ParsedSource): readonly string[] {
  return functionsOf(file).flatMap((one) => {
    const name = functionName(file, one);
    const isSure =
      name !== null && (assertionsIn(file, one).length > 0 || /\bthrow\b/.test(file.textOf(one)));
    return isSure ? [name] : [];
  });
}

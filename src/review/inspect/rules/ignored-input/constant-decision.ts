import { type FunctionNode, functionAround, functionName, isWithin } from '../../syntax/functions.ts';
import type { Node, NodeOf, ParsedSource } from '../../syntax/parsed-source.ts';
import { isDecisionName, wordsOf } from '../../words.ts';

/** What a function that promises a decision claims where it has one answer for everything; null where it decides. */
export function constantDecision(file: ParsedSource, node: FunctionNode): string | null {
  const name = functionName(file, node);
  if (name === null || !isDecisionName(name) || node.params.length === 0 || isOneOfMany(file, node))
    return null;
  if (isMeantSo(file, node)) return null;
  const answer = onlyAnswer(file, node);
  return answer === null ? null : `\`${name}\` answers ${answer} whatever it is asked.`;
}

/** Conditions that have been decided when they were written. */
export function constantConditions(
  file: ParsedSource,
): readonly { readonly node: Node; readonly claim: string }[] {
  const tests = [...file.nodesOf('IfStatement'), ...file.nodesOf('ConditionalExpression')].map(
    ({ test }) => test,
  );
  return tests.flatMap((test) => {
    const value = constantValue(test);
    if (value === null) return [];
    const text = file.textOf(test).replaceAll(/\s+/g, ' ').slice(0, 60);
    return [{ node: test, claim: `The condition \`${text}\` is always ${value}.` }];
  });
}

/** What a condition always is, by the literal in it: `false`, `valid || true`, `false && valid`. */
function constantValue(test: Node): boolean | null {
  if (test.type === 'Literal') return typeof test.value === 'boolean' ? test.value : null;
  if (test.type === 'UnaryExpression' && test.operator === '!') {
    const operand = constantValue(test.argument);
    return operand === null ? null : !operand;
  }
  if (test.type !== 'LogicalExpression') return null;
  const sides = [constantValue(test.left), constantValue(test.right)];
  if (test.operator === '||') return sides.includes(true) ? true : null;
  return test.operator === '&&' && sides.includes(false) ? false : null;
}

/** The text of the one constant that every path returns; null where paths differ, throw or do something. */
function onlyAnswer(file: ParsedSource, node: FunctionNode): string | null {
  const { body } = node;
  if (body === null) return null;
  if (body.type !== 'BlockStatement') return constantText(file, body);
  const isOwn = (one: Node) => isWithin(one, body) && functionAround(file, one) === node;
  const acts = [
    ...file.nodesOf('CallExpression'),
    ...file.nodesOf('ThrowStatement'),
    ...file.nodesOf('AssignmentExpression'),
    ...file.nodesOf('NewExpression'),
  ];
  if (acts.some(isOwn)) return null;
  const answers = file
    .nodesOf('ReturnStatement')
    .filter(isOwn)
    .map(({ argument }) => (argument === null ? null : constantText(file, argument)));
  const [first = null] = answers;
  return answers.every((one) => one === first) ? first : null;
}

function constantText(file: ParsedSource, node: Node): string | null {
  if (node.type === 'Literal')
    return typeof node.value === 'boolean' || typeof node.value === 'string'
      ? `\`${file.textOf(node)}\``
      : null;
  if (node.type !== 'ObjectExpression' || node.properties.length === 0) return null;
  const isConstant = node.properties.every((one) => one.type === 'Property' && one.value.type === 'Literal');
  return isConstant ? `\`${file.textOf(node).replaceAll(/\s+/g, ' ').slice(0, 60)}\`` : null;
}

/** One of several answers to the same question: a member of an object or of a class that stands for others. */
function isOneOfMany(file: ParsedSource, node: FunctionNode): boolean {
  const parent = file.parentOf(node);
  if (parent?.type === 'Property') return true;
  if (parent?.type !== 'MethodDefinition') return false;
  const owner = file.parentOf(parent);
  const holder = owner === null ? null : file.parentOf(owner);
  if (holder?.type !== 'ClassDeclaration' && holder?.type !== 'ClassExpression') return false;
  return (
    holder.superClass !== null ||
    (holder.implements ?? []).length > 0 ||
    parent.override === true ||
    isExtended(file, holder)
  );
}

function isExtended(file: ParsedSource, owner: NodeOf<'ClassDeclaration'>): boolean {
  if (owner.abstract === true || owner.id === null) return true;
  const { name } = owner.id;
  return file
    .nodesOf('ClassDeclaration')
    .some((one) => one.superClass !== null && file.textOf(one.superClass) === name);
}

/** A name that says so: `alwaysAllow`, `NoopGuard`, `stubVerify`. */
export function isMeantSo(file: ParsedSource, node: Node): boolean {
  return wordsOf(file.symbolAround(node)).some((word) => MEANT.has(word));
}

const MEANT: ReadonlySet<string> = new Set([
  ...[
    'always',
    'never',
    'noop',
    'nop',
    'null',
    'stub',
    'mock',
    'fake',
    'dummy',
    'default',
    'anonymous',
    'all',
    'any',
  ],
]);

// Test cases of node:test, vitest, jest, mocha, ava and tap, as they are written.
import { type FunctionNode, isFunction } from '../../syntax/functions.ts';
import type { Node, NodeOf, ParsedSource } from '../../syntax/parsed-source.ts';

export interface TestCase {
  readonly call: NodeOf<'CallExpression'>;
  readonly title: string;
  readonly body: FunctionNode;
}

export interface TestMark {
  readonly node: Node;
  readonly mark: 'only' | 'skip' | 'todo';
}

/** Whether a file holds tests, rather than support or types for them. */
export function isTestsFile(file: ParsedSource): boolean {
  return file.role === 'test' && !/(?:^|\/)fixtures\/|[.-]test-d\./.test(file.path);
}

/** The innermost cases of a file, and the marks that keep a case from running. */
export function testCases(file: ParsedSource): {
  readonly cases: readonly TestCase[];
  readonly marks: readonly TestMark[];
} {
  const cases: TestCase[] = [];
  const marks: TestMark[] = [];
  for (const call of file.nodesOf('CallExpression')) {
    const callee = calleeOf(call);
    const text = file.textOf(callee);
    const match = /^(?:(x|f)?(?:it|test|specify)|\w+\.test|(x|f)?describe|suite)((?:\.\w+)*)$/.exec(text);
    if (match === null || !hasTitle(call) || isHarness(file, text)) continue;
    const mark = markOf(match[1] ?? match[2], match[3] ?? '');
    if (mark !== null) marks.push({ node: call, mark });
    if (mark === 'skip' || mark === 'todo' || /describe|suite/.test(text)) continue;
    const body = call.arguments.find((one) => isFunction(one));
    const [title] = call.arguments;
    if (!isFunction(body) || isSkippedByOption(file, call)) continue;
    cases.push({ call, body, title: title === undefined ? '' : file.textOf(title).slice(0, 300) });
  }
  const isInnermost = (one: TestCase) =>
    !cases.some(
      (other) =>
        other.call !== one.call && other.call.start > one.body.start && other.call.end <= one.body.end,
    );
  return { cases: cases.filter(isInnermost), marks };
}

/** `test` of `test.each(table)('title', …)` and `test.skipIf(condition)('title', …)`. */
function calleeOf(call: NodeOf<'CallExpression'>): Node {
  const { callee } = call;
  if (callee.type === 'CallExpression') return callee.callee;
  return callee.type === 'TaggedTemplateExpression' ? callee.tag : callee;
}

/** A title: text, or what is joined to one. */
function hasTitle(call: NodeOf<'CallExpression'>): boolean {
  const [title] = call.arguments;
  return (
    title !== undefined &&
    /^(?:Literal|TemplateLiteral|BinaryExpression)$/.test(title.type) &&
    call.arguments.length >= 1
  );
}

/** A member named `test` that is no runner: `/a/.test('x')`, `pattern.test(text)`. */
function isHarness(file: ParsedSource, callee: string): boolean {
  const receiver = /^(\w+)\.test$/.exec(callee)?.[1];
  if (receiver === undefined) return false;
  return (
    !/^(?:t|st|tt|ctx|context|tap|test|suite|lab)$/.test(receiver) || file.variables(receiver).length === 0
  );
}

function markOf(prefix: string | undefined, members: string): TestMark['mark'] | null {
  if (/\.only\b/.test(members) || prefix === 'f') return 'only';
  if (/\.todo\b/.test(members)) return 'todo';
  return /\.skip\b/.test(members) || prefix === 'x' ? 'skip' : null;
}

/** node:test: `{ skip: true }`, `{ todo: 'reason' }`. */
function isSkippedByOption(file: ParsedSource, call: NodeOf<'CallExpression'>): boolean {
  return call.arguments.some(
    (one) =>
      one.type === 'ObjectExpression' &&
      one.properties.some(
        (member) => member.type === 'Property' && /^(?:skip|todo)$/.test(file.textOf(member.key)),
      ),
  );
}

import { type Place, placeOfRust } from '../../rule.ts';
import { attributesOf, isInside, isTestAttribute, type RustNode, spanOf } from '../../rust/rust-node.ts';
import type { RustSource } from '../../rust/rust-source.ts';
import { wordsOf } from '../../words.ts';

/** A `#[test]` in which nothing seen so far can fail, and the functions and macros that may assert for it. */
export interface UndecidedTest {
  readonly place: Place;
  readonly calls: readonly string[];
  /** Whether an unwrapped value or a `?` may still fail it. */
  readonly mayPanic: boolean;
}

/** What one file has to say: its tests, and what its helpers do. */
export interface RustTests {
  readonly undecided: readonly UndecidedTest[];
  /** Tests all of whose assertions hold whatever the code does. */
  readonly constant: readonly Place[];
  /** Helpers and macros of test code that assert, and those that may do so by what they call. */
  readonly asserting: readonly string[];
  readonly relayed: ReadonlyMap<string, readonly string[]>;
}

export function rustTests(file: RustSource): RustTests {
  const asserting: string[] = [];
  const relayed = new Map<string, readonly string[]>();
  const undecided: UndecidedTest[] = [];
  const constant: Place[] = [];
  for (const node of file.nodesOf('macro_definition')) {
    if (ASSERTS.test(codeOf(node)) || /\.(?:unwrap|expect)\w*\(/.test(codeOf(node)))
      asserting.push(node.field('name')?.text() ?? '');
    else relayed.set(node.field('name')?.text() ?? '', callsIn(codeOf(node)));
  }
  for (const node of file.nodesOf('function_item')) {
    const attributes = attributesOf(node);
    if (attributes.some(isTestAttribute)) {
      if (attributes.some(judgesItself) || hasJudgedResult(node) || promisesNoPanic(node)) continue;
      if (assertsOnlyConstants(node)) constant.push(placeOfRust(file, node));
      else if (!asserts(node)) undecided.push(undecidedTest(file, node));
    } else if (file.role !== 'production' || file.isTestCode(node)) {
      const name = node.field('name')?.text() ?? '';
      // Every type has methods of these names: a call of one is no call of this one.
      if (COMMON_METHODS.test(name) && node.parent()?.kind() === 'declaration_list') continue;
      if (asserts(node)) asserting.push(name);
      else relayed.set(name, callsIn(codeOf(node)));
    }
  }
  return { undecided, constant, asserting, relayed };
}

const COMMON_METHODS =
  /^(?:new|default|from\w*|try_from|into\w*|build|call|get|post|put|read|write|init|poll\w*|next|clone|drop|with_\w+)$/;

/** Names that assert, by themselves or by what they call. */
export function assertingClosure(
  asserting: ReadonlySet<string>,
  relayed: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> {
  const all = new Set(asserting);
  for (let size = -1; size !== all.size; ) {
    size = all.size;
    for (const [name, calls] of relayed) if (calls.some((one) => all.has(one))) all.add(name);
  }
  return all;
}

function undecidedTest(file: RustSource, node: RustNode): UndecidedTest {
  const code = codeOf(node);
  return {
    place: placeOfRust(file, node),
    calls: callsIn(code),
    mayPanic: /\.(?:unwrap|expect)\w*\(|\?[;.)]/.test(code),
  };
}

/** A panic that is asked for, a benchmark, a table of cases with their results, a runner that makes the inputs. */
function judgesItself(attribute: string): boolean {
  return /should_panic|^#\[(?:\w+::)*(?:bench|quickcheck)\b|=>/.test(attribute);
}

/** A result other than nothing and `Result` is what the runner judges. */
function hasJudgedResult(node: RustNode): boolean {
  const type = node.field('return_type')?.text() ?? '()';
  return !/^\(\)$|Result\b/.test(type);
}

/** `does_not_overlap`, `it_compiles`: what such a test says is that nothing panics. */
function promisesNoPanic(node: RustNode): boolean {
  return NO_PANIC.test(wordsOf(node.field('name')?.text() ?? '').join(' '));
}

const NO_PANIC =
  /\b(?:not|no|never|without|dont|doesnt)\b.*\b(?:panics?|crash\w*|fails?|failure|errors?|overflows?|overlaps?|conflicts?|hangs?|deadlocks?|leaks?|recurse)\b|\b(?:compiles?|builds|smoke|send|sync|regression|works|fuzz|succeeds|success\w*|ok|accepts|infallible|can|fine|benchmark)\b/;

function asserts(node: RustNode): boolean {
  const code = codeOf(node);
  return (
    ASSERTS.test(code) ||
    unknownMacros(code).length > 0 ||
    checksByCall(node) ||
    dropsUnwrapped(node) ||
    waits(node) ||
    isOfTypes(node)
  );
}

/** Blank where a comment stands, and between quotes. */
function codeOf(node: RustNode): string {
  const { start } = spanOf(node);
  return ['line_comment', 'block_comment', 'string_content', 'raw_string_literal']
    .flatMap((kind) => node.findAll({ rule: { kind } }).map(spanOf))
    .sort((one, other) => other.start - one.start)
    .reduce(
      (text, span) =>
        text.slice(0, span.start - start) + ' '.repeat(span.end - span.start) + text.slice(span.end - start),
      node.text(),
    );
}

/** A macro of any library that asserts or ends the test, and a refusal that is asked for. */
const ASSERTS =
  /\b(?:\w+_)?assert\w*!|\b(?:panic|unreachable|bail|fail|ensure)!|\.(?:unwrap_err|expect_err|unwrap_none)\(|\.expect\(\d/;

/** Macros that no library is known to make harmless may assert; those of the tree are looked at by name. */
function unknownMacros(code: string): readonly string[] {
  return [...code.matchAll(/\b(\w+)!\s*[([{]/g)].flatMap(([, name = '']) =>
    HARMLESS_MACROS.has(name) || /^(?:hash|btree|index|small)?(?:map|set|vec)$/.test(name) ? [] : [name],
  );
}

const HARMLESS_MACROS: ReadonlySet<string> = new Set([
  ...[
    'vec',
    'format',
    'println',
    'eprintln',
    'print',
    'eprint',
    'dbg',
    'json',
    'write',
    'writeln',
    'matches',
  ],
  ...['concat', 'stringify', 'include_str', 'include_bytes', 'env', 'option_env', 'file', 'line', 'cfg'],
  ...['trace', 'debug', 'info', 'warn', 'error', 'hex', 'format_args', 'join', 'try_join', 'pin', 'select'],
  ...['thread_local', 'info_span', 'debug_span', 'span', 'quote', 'html', 'todo', 'unimplemented', 'routes'],
  ...[
    'arg',
    'value_parser',
    'doc',
    'indoc',
    'array',
    'uri',
    'header',
    'cookie',
    'path',
    'query',
    'static_ref',
  ],
]);

/** `assert_send::<Key>()`, `is_sync::<Key>()`, `mock.assert()`, `check(…)`, `cases.compile_fail(…)`. */
function checksByCall(node: RustNode): boolean {
  return node.findAll({ rule: { kind: 'call_expression' } }).some((call) => {
    const callee = call.field('function');
    const isMethod = callee?.kind() === 'field_expression';
    if (callee?.kind() === 'generic_function' && call.field('arguments')?.children().length === 2)
      return call.parent()?.kind() === 'expression_statement';
    const name = (isMethod ? callee.field('field') : callee)?.text().replace(/::<[\s\S]*$/, '') ?? '';
    const words = wordsOf(name.split('::').at(-1) ?? '');
    return words.some((word) => (isMethod ? ASSERTING_METHODS : ASSERTING_WORDS).has(word));
  });
}

const ASSERTING_METHODS: ReadonlySet<string> = new Set([
  ...['assert', 'asserts', 'compile', 'should', 'quickcheck'],
]);
const ASSERTING_WORDS: ReadonlySet<string> = new Set([
  ...['assert', 'asserts', 'asserting', 'check', 'checks', 'expect', 'expects', 'ensure', 'should', 'must'],
  ...['quickcheck', 'proptest'],
]);

/** `store.open().unwrap();`, `let _ = parse(text)?;`: nobody takes the value, so that failing is what the line is for. */
function dropsUnwrapped(node: RustNode): boolean {
  const body = node.field('body');
  const dropped = [
    ...node.findAll({ rule: { kind: 'expression_statement' } }).flatMap((one) => one.child(0) ?? []),
    ...node
      .findAll({ rule: { kind: 'let_declaration' } })
      .filter((one) => /^_/.test(one.field('pattern')?.text() ?? ''))
      .flatMap((one) => one.field('value') ?? []),
    ...(body === null ? [] : body.children().slice(-2, -1)),
  ];
  return dropped.some((one) => {
    if (one.kind() === 'try_expression') return true;
    const callee = one.kind() === 'call_expression' ? one.field('function') : null;
    return (
      callee?.kind() === 'field_expression' && /^(?:unwrap|expect)/.test(callee.field('field')?.text() ?? '')
    );
  });
}

/** `signal.await;`: only a right state ends it. */
function waits(node: RustNode): boolean {
  return node
    .findAll({ rule: { kind: 'await_expression' } })
    .some((one) => one.parent()?.kind() === 'expression_statement' && one.child(0)?.kind() === 'identifier');
}

/** `let _ = Compat::new(from_fn(noop));` and nothing else, or `let _app: Router = …`: the compiler is the judge. */
function isOfTypes(node: RustNode): boolean {
  const statements = (node.field('body')?.children() ?? []).filter((one) =>
    /_(?:declaration|statement)$/.test(String(one.kind())),
  );
  const patternOf = (one: RustNode) => one.field('pattern')?.text() ?? '';
  const isTyped = (one: RustNode) => patternOf(one).startsWith('_') && one.field('type') !== null;
  return (
    statements.some(isTyped) || (statements.length > 0 && statements.every((one) => patternOf(one) === '_'))
  );
}

/** Every assertion has a constant for each side. */
function assertsOnlyConstants(node: RustNode): boolean {
  const code = codeOf(node);
  const assertions = node
    .findAll({ rule: { kind: 'macro_invocation' } })
    .filter((one) => ASSERTS.test(one.text()));
  const all = code.match(new RegExp(ASSERTS.source, 'g')) ?? [];
  if (all.length === 0 || all.length !== assertions.length || dropsUnwrapped(node) || checksByCall(node))
    return false;
  const isInMatch = (one: RustNode) =>
    one.ancestors().some((around) => around.kind() === 'match_arm' && isInside(spanOf(around), spanOf(node)));
  return assertions.every((one) => CONSTANT.test(one.text()) && !isInMatch(one));
}

/** `assert!(true)`, `assert_eq!(1, 1)` */
const CONSTANT =
  /^(?:debug_)?assert!\s*\(\s*true\s*[,)]|^(?:debug_)?assert_eq!\s*\(\s*(\d+|true|false|"[^"]*")\s*,\s*\1\s*[,)]/;

/** The names of functions, methods and macros that a text calls. */
function callsIn(code: string): readonly string[] {
  return [
    ...new Set([...code.matchAll(/\b([a-z_]\w*)(?:::<[^>()]*>)?!?\s*[([{]/g)].map(([, name = '']) => name)),
  ];
}

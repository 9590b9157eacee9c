import { type Observation, placeOf, type Rule } from '../../rule.ts';
import { functionAround, isWithin } from '../../syntax/functions.ts';
import type { Node, ParsedSource } from '../../syntax/parsed-source.ts';
import { assertsConstant, isHollowExpectation, isNotAwaited } from './expectation.ts';
import { assertingClosure, rustTests, type UndecidedTest } from './rust-tests.ts';
import {
  assertingNames,
  assertionsIn,
  dropsResults,
  hasAssertion,
  promisesNoError,
} from './test-assertions.ts';
import { isTestsFile, type TestCase, testCases } from './test-cases.ts';

/** Tests that pass whatever the code does. */
export const hollowTest: Rule = {
  id: 'hollow-test',
  severity: 'warning',
  title: 'tests that prove nothing',
  remedy: 'Assert what the code has to do, against a value the test states itself.',
  start() {
    const asserting = new Set<string>();
    const undecided: { readonly observation: Observation; readonly support: ReadonlySet<string> }[] = [];
    const rust = {
      asserting: new Set<string>(),
      relayed: new Map<string, readonly string[]>(),
      undecided: [] as UndecidedTest[],
    };
    return {
      source(file, report) {
        if (!isTestsFile(file)) return;
        const { cases, marks } = testCases(file);
        if (cases.length === 0) for (const name of assertingNames(file)) asserting.add(name);
        for (const { node, mark } of marks) {
          const place = placeOf(file, node);
          if (mark === 'only') {
            const claim = '`.only` keeps every other test of the file from running.';
            report({ place, claim, severity: 'error', remedy: 'Delete `.only`.' });
          } else {
            const claim =
              mark === 'todo'
                ? 'A test is announced and not written.'
                : 'A test is skipped and no reason given.';
            report({ place, claim, severity: 'note', remedy: 'Mend the test, or delete it.' });
          }
        }
        for (const one of file.nodesOf('CallExpression')) {
          const claim = isHollowExpectation(file, one) ?? isNotAwaited(file, one);
          if (claim !== null) report({ place: placeOf(file, one), claim });
        }
        for (const test of cases) {
          const support = new Set<string>();
          const claim = claimOf(file, test, support);
          if (claim === null) continue;
          const observation = { place: placeOf(file, test.call), ...claim };
          if (support.size === 0) report(observation);
          else undecided.push({ observation, support });
        }
      },
      rust(file, report) {
        const { asserting: names, constant, relayed, undecided: tests } = rustTests(file);
        for (const name of names) rust.asserting.add(name);
        for (const [name, calls] of relayed)
          rust.relayed.set(name, [...(rust.relayed.get(name) ?? []), ...calls]);
        rust.undecided.push(...tests);
        for (const place of constant) report({ place, claim: 'The test asserts only constants.' });
      },
      finish(_project, report) {
        for (const { observation, support } of undecided) {
          if (![...support].some((name) => asserting.has(name))) report(observation);
        }
        const closure = assertingClosure(rust.asserting, rust.relayed);
        for (const { place, calls, mayPanic } of rust.undecided) {
          if (calls.some((name) => closure.has(name))) continue;
          if (!mayPanic) report({ place, claim: 'The test asserts nothing.' });
          else
            report({
              place,
              claim: 'The test asserts nothing: it fails only where something panics.',
              severity: 'note',
            });
        }
      },
    };
  },
};

/** What a hollow test claims; `support` gets the functions of the test support that may assert for it. */
function claimOf(
  file: ParsedSource,
  test: TestCase,
  support: Set<string>,
): { readonly claim: string; readonly severity?: 'note' } | null {
  // Whether the support asserts is known once all of it was read.
  const asks = (name: string) => {
    support.add(name);
    return false;
  };
  if (!hasAssertion(file, test, asks)) {
    if (dropsResults(file, test)) return { claim: 'The test asserts nothing.' };
    return { claim: 'The test asserts nothing: it fails only where something throws.', severity: 'note' };
  }
  support.clear();
  const assertions = assertionsIn(file, test.body).filter(
    (one) => file.parentOf(one)?.type !== 'MemberExpression',
  );
  const direct = assertions.filter((one) => functionAround(file, one) === test.body);
  const calls = direct.filter((one) => one.type === 'CallExpression');
  const isPlanned = /\.plan\(|\.assertions\(/.test(file.textOf(test.body));
  if (
    !isPlanned &&
    !promisesNoError(test) &&
    calls.length > 0 &&
    calls.length === assertions.length &&
    calls.every((one) => assertsConstant(file, one))
  )
    return { claim: 'The test asserts only constants.' };
  const uncalled = uncalledHolder(file, test, assertions);
  return uncalled === null
    ? null
    : { claim: `The test asserts only in \`${uncalled}\`, which nothing calls.` };
}

/** The function of a test that holds all its assertions and is never mentioned. */
function uncalledHolder(file: ParsedSource, { body }: TestCase, assertions: readonly Node[]): string | null {
  const holder = file
    .nodesOf('FunctionDeclaration')
    .find(
      (one) => isWithin(one, body) && assertions.length > 0 && assertions.every((at) => isWithin(at, one)),
    );
  const name = holder?.id?.name;
  if (holder === undefined || name === undefined) return null;
  const isMentioned = file.variables(name).some((one) => one !== holder.id && isWithin(one, body));
  return isMentioned ? null : name;
}

import { type RustNode, spanOf } from '../inspect/index.ts';
import { type Planted, plantedAt, replaced } from './planting-file.ts';
import { leadingLines, type RustPlantingFile } from './rust-planting-file.ts';

const ASSERTION = /^(?:assert|assert_eq|assert_ne|assert_matches|debug_assert|debug_assert_eq)$/;

/** Tests whose assertions are replaced and in which nothing is left that is there to fail. */
export function hollowRustTest(file: RustPlantingFile, by: () => string): readonly Planted[] {
  return file.tests.flatMap((test): Planted[] => {
    if (leadingLines(file.text, test).some((line) => /should_panic|ignore|=>/.test(line))) return [];
    if (test.field('return_type') !== null) return [];
    const assertions = test
      .findAll({ rule: { kind: 'macro_invocation' } })
      .filter((node) => ASSERTION.test(node.field('macro')?.text() ?? ''));
    const statements = assertions.flatMap((node) => statementOf(node) ?? []);
    if (assertions.length === 0 || statements.length !== assertions.length) return [];
    const { start, end } = spanOf(test);
    const text = [...statements]
      .sort((a, b) => spanOf(b).start - spanOf(a).start)
      .reduce((all, node) => replaced(all, spanOf(node), by()), file.text);
    const left = text.slice(start, end - (file.text.length - text.length));
    if (mayFail(left.replaceAll('assert!(true);', '').replaceAll(/\/\/.*/g, ''))) return [];
    // The line is that of the test in the changed text.
    return [plantedAt(file, 'hollow-test', text, { position: start })];
  });
}

/** The assertion as a statement of the test, not the arm of a match or an argument. */
function statementOf(node: RustNode): RustNode | null {
  const parent = node.parent();
  if (parent?.kind() === 'expression_statement') return parent;
  return null;
}

/** Something is left that is there to fail: another assertion, a helper that checks, a value nobody takes. */
function mayFail(code: string): boolean {
  return (
    /assert|panic!|unreachable!|_err\(|\b(?:check|verify|expect|test|run|ensure|should|must|compile)\w*(?:::<[^>]*>)?!?\s*\(/.test(
      code.replace(/fn \w+/, ''),
    ) ||
    // `store.open().unwrap();` with no `let` before it
    code.split(';').some((statement) => isDropped(statement)) ||
    /\b\w+!\s*[({]/.test(
      code.replaceAll(
        /\b(?:vec|format|println|eprintln|json|matches|concat|include_bytes|include_str|write|writeln|hex)!/g,
        '',
      ),
    )
  );
}

function isDropped(statement: string): boolean {
  const text = statement.split(/[{}]/).at(-1)?.trim() ?? '';
  const bound = /^(?:let|return|\w[\w.]*\s*\+?=)\b/.test(text) && !/^let _/.test(text);
  return !bound && /(?:\.(?:unwrap|expect)\w*\([^()]*\)|\?)$/.test(text);
}

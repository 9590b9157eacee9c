import { parseSource, testCases } from '../../inspect/index.ts';
import type { ChangedFile } from './git-repository.ts';

/** Test cases as the syntax shows them, in the files of one change. */
export interface TestCounts {
  readonly before: number;
  readonly after: number;
  /** Cases after that were not there before under the same title. */
  readonly added: number;
  readonly removed: number;
  /** Files with cases after that had none before. */
  readonly addedFiles: readonly string[];
  /** Test files that the change touched and left in the tree. */
  readonly files: readonly string[];
  /** Some case stands in a table or a loop: it runs more often than it is written. */
  readonly isLowerBound: boolean;
}

/** Counts the cases of the test files of a change. */
export function testCounts(
  files: readonly ChangedFile[],
  before: (path: string) => string | null,
  after: (path: string) => string | null,
): TestCounts {
  const titlesBefore: string[] = [];
  const titlesAfter: string[] = [];
  const addedFiles: string[] = [];
  let isLowerBound = false;
  for (const { path, from, status } of files) {
    const earlier = status === 'added' ? null : casesOf(from ?? path, before(from ?? path) ?? '');
    const later = status === 'deleted' ? null : casesOf(path, after(path) ?? '');
    titlesBefore.push(...(earlier?.titles ?? []));
    titlesAfter.push(...(later?.titles ?? []));
    if ((earlier?.titles.length ?? 0) === 0 && (later?.titles.length ?? 0) > 0) addedFiles.push(path);
    isLowerBound ||= earlier?.isLowerBound === true || later?.isLowerBound === true;
  }
  return {
    before: titlesBefore.length,
    after: titlesAfter.length,
    added: missingFrom(titlesBefore, titlesAfter),
    removed: missingFrom(titlesAfter, titlesBefore),
    addedFiles,
    files: files.filter(({ status }) => status !== 'deleted').map(({ path }) => path),
    isLowerBound,
  };
}

interface FileCases {
  readonly titles: readonly string[];
  readonly isLowerBound: boolean;
}

/** The titles of a file's cases; by syntax where there is a parser, by pattern in other languages. */
export function casesOf(path: string, text: string): FileCases {
  if (!/\.[cm]?[jt]sx?$/.test(path)) return casesByPattern(path, text);
  const file = parseSource(path, text);
  // A file that does not parse may hold any number of cases.
  if (file === null) return { titles: [], isLowerBound: true };
  const { cases } = testCases(file);
  const isRepeated = cases.some(({ call }) => {
    if (call.callee.type === 'CallExpression' || call.callee.type === 'TaggedTemplateExpression') return true;
    for (let at = file.parentOf(call); at !== null; at = file.parentOf(at)) {
      if (/^(?:For|While|DoWhile)\w*Statement$/.test(at.type)) return true;
      // A case inside a function other than a suite's body is made as often as that is called.
      if (at.type === 'CallExpression' && !/^(?:describe|suite|context)\b/.test(file.textOf(at.callee)))
        return true;
      if (at.type === 'FunctionDeclaration') return true;
    }
    return false;
  });
  return { titles: cases.map(({ title }) => title), isLowerBound: isRepeated };
}

const PATTERNS: readonly (readonly [file: RegExp, test: RegExp, repeated: RegExp])[] = [
  [
    /\.rs$/,
    /#\[(?:\w+::)?test\b[^\]]*\]\s*(?:#\[[^\]]*\]\s*)*(?:pub\s+)?(?:async\s+)?fn\s+(\w+)/g,
    /#\[(?:case|test_case)/,
  ],
  [/\.go$/, /^func\s+(Test\w+)\s*\(/gm, /\bt\.Run\(/],
  [/\.py$/, /^\s*(?:async\s+)?def\s+(test_\w+)\s*\(/gm, /parametrize|subTest/],
  [
    /\.(?:java|kt)$/,
    /@Test\b[^{;]*?\b(\w+)\s*\(\s*\)\s*(?:throws[^{]*)?\{/g,
    /@ParameterizedTest|@RepeatedTest/,
  ],
];

function casesByPattern(path: string, text: string): FileCases {
  for (const [file, test, repeated] of PATTERNS) {
    if (!file.test(path)) continue;
    return {
      titles: [...text.matchAll(test)].map((match) => match[1] ?? ''),
      isLowerBound: repeated.test(text),
    };
  }
  return { titles: [], isLowerBound: false };
}

/** How many of the second list have no partner in the first. */
function missingFrom(known: readonly string[], asked: readonly string[]): number {
  const left = new Map<string, number>();
  for (const one of known) left.set(one, (left.get(one) ?? 0) + 1);
  return asked.filter((one) => {
    const count = left.get(one) ?? 0;
    if (count > 0) left.set(one, count - 1);
    return count === 0;
  }).length;
}

import type { CommitFacts } from './commit-facts.ts';

export const ALTERATIONS = [
  'count changed',
  'symbol that does not exist',
  'file that is not touched',
  'tests that were not added',
  'wired and not called',
  'sum off by one',
  'table row off',
  'document that is not touched',
  'script that does not exist',
  'option that was not added',
] as const;
export type Alteration = (typeof ALTERATIONS)[number];

/** One sentence, list or table about a commit: as it is, and altered by rule so that it is false. */
export interface Statement {
  readonly alteration: Alteration;
  /** Null where only the altered one can be made of this commit. */
  readonly asIs: string | null;
  readonly altered: string;
  /** A file to add to the change, which makes the altered statement false. */
  readonly planted?: { readonly path: string; readonly text: string };
}

/** Every kind of statement that the facts of a commit allow; `pick` chooses wordings, the same for the same seed. */
export function statementsAbout(facts: CommitFacts, pick: Pick): readonly Statement[] {
  return MAKERS.flatMap((make) => make(facts, pick));
}

export type Pick = <T>(choices: readonly T[], what: string) => T;

const MAKERS: readonly ((facts: CommitFacts, pick: Pick) => readonly Statement[])[] = [
  countStatements,
  symbolStatements,
  fileStatements,
  testStatements,
  wiringStatements,
  sumStatements,
  tableStatements,
  documentStatements,
  scriptStatements,
  optionStatements,
];

function countStatements({ files, addedTests }: CommitFacts, pick: Pick): readonly Statement[] {
  const added = files.reduce((sum, file) => sum + file.added, 0);
  const wordings: readonly ((n: number) => string)[] = [
    (n) => `${n} files changed.`,
    (n) => `This touches ${n} files.`,
    (n) => `The rest is mechanical: ${n} files changed.`,
    (n) => `Changes ${n} files in all.`,
  ];
  const say = pick(wordings, 'count');
  // Far enough away that leaving out documents or tests does not explain it.
  const off = files.length + pick([1, 2, 5, 10], 'count off');
  const lines = (n: number) => `${n} insertions(+) in all.`;
  const tests = pick(
    [(n: number) => `Adds ${n} tests.`, (n: number) => `It comes with ${n} new tests.`],
    'test count',
  );
  return [
    { alteration: 'count changed', asIs: say(files.length), altered: say(off) },
    {
      alteration: 'count changed',
      asIs: lines(added),
      altered: lines(added + pick([1, 7, 90], 'lines off')),
    },
    ...(addedTests === null || addedTests < 2
      ? []
      : [
          {
            alteration: 'count changed' as const,
            asIs: tests(addedTests),
            altered: tests(addedTests + pick([1, 2, 10], 'tests off')),
          },
        ]),
  ];
}

function symbolStatements({ addedFunctions }: CommitFacts, pick: Pick): readonly Statement[] {
  if (addedFunctions.length === 0) return [];
  const name = pick(addedFunctions, 'symbol');
  const other = name.replace(
    /[A-Z]/,
    (letter) => `${pick(['Strictly', 'Once', 'Lazily', 'Final'], 'new word')}${letter}`,
  );
  const say = pick(
    [
      (symbol: string) => `Add \`${symbol}\`.`,
      (symbol: string) => `The work is done by \`${symbol}()\`.`,
      (symbol: string) => `Introduces \`${symbol}\`, which the rest now shares.`,
      (symbol: string) => `What ${symbol} answers is kept for the request.`,
    ],
    'symbol wording',
  );
  return [{ alteration: 'symbol that does not exist', asIs: say(name), altered: say(other) }];
}

function fileStatements({ files, others }: CommitFacts, pick: Pick): readonly Statement[] {
  const [path, other] = [pick(files, 'file').path, pick(others, 'other file')];
  const say = pick(
    [
      (file: string) => `Change \`${file}\`.`,
      (file: string) => `- ${file}: keeps the rule in one place`,
      (file: string) => `Fix the order of steps in ${file}.`,
      (file: string) => `Also updates \`${file}\`.`,
      (file: string) => `Extend the check in \`${file}\` to cover it.`,
    ],
    'file wording',
  );
  return [{ alteration: 'file that is not touched', asIs: say(path), altered: say(other) }];
}

function testStatements({ touchesTests, addedTests }: CommitFacts, pick: Pick): readonly Statement[] {
  const say = pick(
    [
      'Adds tests for it.',
      'Add a test that fails without it.',
      'Covered by a new test.',
      'Adds three tests.',
    ],
    'tests wording',
  );
  if (!touchesTests) return [{ alteration: 'tests that were not added', asIs: null, altered: say }];
  return addedTests === null || addedTests < 1
    ? []
    : [{ alteration: 'tests that were not added', asIs: 'Adds tests for it.', altered: '' }];
}

function wiringStatements({ call, files }: CommitFacts, pick: Pick): readonly Statement[] {
  const source = files.find(({ path }) => /^src\/.*\.ts$/.test(path))?.path ?? 'src/base/index.ts';
  if (call === null) return [];
  const say = pick(
    [
      (symbol: string) => `Wire \`${symbol}\` into \`${call.caller}\`.`,
      (symbol: string) => `Every request passes through \`${symbol}\`.`,
      (symbol: string) => `\`${symbol}\` is called by \`${call.caller}\`.`,
      (symbol: string) => `- [x] \`${symbol}\` shipped`,
    ],
    'wiring wording',
  );
  const folder = source.slice(0, source.lastIndexOf('/'));
  const planted = {
    path: `${folder}/planted-guard.ts`,
    text: 'export function guardEveryRequest(name: string): boolean {\n  return name.length > 0;\n}\n',
  };
  return [
    {
      alteration: 'wired and not called',
      asIs: say(call.callee),
      altered: say('guardEveryRequest'),
      planted,
    },
  ];
}

function sumStatements({ files }: CommitFacts, pick: Pick): readonly Statement[] {
  const sources = files.filter(({ path }) => path.startsWith('src/')).length;
  const rest = files.length - sources;
  const [first = { path: '', added: 0, removed: 0 }] = files;
  const lines = first.added + first.removed;
  const wordings: readonly ((off: number) => string)[] = [
    (off) => `${first.added} + ${first.removed} = ${lines + off} lines of ${first.path}.`,
    (off) => `${first.removed} → ${first.added} lines (${signed(first.added - first.removed + off)}).`,
    ...(sources > 1 && rest > 1
      ? [(off: number) => `${files.length + off} files: ${sources} sources, ${rest} others.`]
      : []),
    // The last digit may be off by one where all three were rounded.
    (off) => `The mean went from 3.50 → 4.25 (+0.${75 + 5 * off}).`,
    (off) =>
      `${sources} of ${files.length} files (${Math.round((sources / files.length) * 100) + 2 * off} %) are sources.`,
  ];
  const say = pick(wordings, 'sum');
  return [{ alteration: 'sum off by one', asIs: say(0), altered: say(1) }];
}

function tableStatements({ files }: CommitFacts, pick: Pick): readonly Statement[] {
  if (files.length < 2) return [];
  const shown = files.slice(0, 4);
  const table = (of: CommitFacts['files'], total: number) =>
    [
      '| file | added | removed |',
      '|---|---:|---:|',
      ...of.map(({ path, added, removed }) => `| \`${path}\` | ${added} | ${removed} |`),
      `| total | ${total} | ${of.reduce((sum, file) => sum + file.removed, 0)} |`,
    ].join('\n');
  const total = shown.reduce((sum, { added }) => sum + added, 0);
  const wrongRow = shown.map((file, index) => (index === 1 ? { ...file, added: file.added + 3 } : file));
  const altered = pick([table(shown, total + 1), table(wrongRow, total + 3)], 'table');
  return [{ alteration: 'table row off', asIs: table(shown, total), altered }];
}

function documentStatements({ files }: CommitFacts, pick: Pick): readonly Statement[] {
  const names = ['README', 'CHANGELOG', 'CONTRIBUTING', 'ARCHITECTURE'];
  const isTouched = (name: string) => files.some(({ path }) => path === `${name}.md`);
  const say = pick(
    [
      (name: string) => `Say so in ${name}.`,
      (name: string) => `Update ${name}.md.`,
      (name: string) => `Describe the change in ${name}.`,
      (name: string) => `Mention it in the ${name.toLowerCase()}`,
    ],
    'document wording',
  );
  const [touched, other] = [names.find(isTouched), names.find((name) => !isTouched(name))];
  if (other === undefined) return [];
  return [
    {
      alteration: 'document that is not touched',
      asIs: touched === undefined ? null : say(touched),
      altered: say(other),
    },
  ];
}

function scriptStatements(_facts: CommitFacts, pick: Pick): readonly Statement[] {
  const say = pick(
    [
      (name: string) => `Checked with \`npm run ${name}\`.`,
      (name: string) => `npm run ${name} is clean.`,
      (name: string) => `Found by npm run ${name}, which is green again.`,
    ],
    'script wording',
  );
  return [{ alteration: 'script that does not exist', asIs: say('types'), altered: say('types:strict') }];
}

function optionStatements({ addedOptions, otherOption }: CommitFacts, pick: Pick): readonly Statement[] {
  if (otherOption === null) return [];
  const say = pick(
    [(name: string) => `Add \`${name}\`.`, (name: string) => `Introduces ${name}.`],
    'option wording',
  );
  const [added] = addedOptions;
  return [
    {
      alteration: 'option that was not added',
      asIs: added === undefined ? null : say(added),
      altered: say(otherOption),
    },
  ];
}

function signed(number: number): string {
  return number < 0 ? `−${-number}` : `+${number}`;
}

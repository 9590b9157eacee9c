/** How a language writes comments and strings, as far as they must be told from code. */
export interface CommentSyntax {
  /** What begins a comment to the end of the line. */
  readonly line: readonly string[];
  readonly block: readonly (readonly [open: string, close: string])[];
  /** Block comments hold block comments. */
  readonly nests: boolean;
  /** The longer opening first. */
  readonly strings: readonly StringSyntax[];
  /** A comment of a line begins only after white space, or at the start of a line. */
  readonly afterSpace: boolean;
  /** A `'` alone is no string: it begins a lifetime or a label. */
  readonly lifetimes: boolean;
  /** A text in three quotes that is a statement of its own is prose, like a comment. */
  readonly docstrings: boolean;
}

interface StringSyntax {
  readonly open: string;
  readonly close: string;
  readonly escapes: boolean;
  readonly spansLines: boolean;
}

const text = (open: string, options: Partial<StringSyntax> = {}): StringSyntax => ({
  open,
  close: open,
  escapes: true,
  spansLines: false,
  ...options,
});
const DOUBLE = text('"');
const SINGLE = text("'");
const BACKTICK = text('`', { spansLines: true });
const RAW_BACKTICK = text('`', { spansLines: true, escapes: false });
const TRIPLE = [text('"""', { spansLines: true }), text("'''", { spansLines: true })];
const RAW_RUST = [3, 2, 1, 0].map((marks) =>
  text(`r${'#'.repeat(marks)}"`, { close: `"${'#'.repeat(marks)}`, escapes: false, spansLines: true }),
);

const syntax = (members: Partial<CommentSyntax>): CommentSyntax => ({
  line: [],
  block: [],
  nests: false,
  strings: [DOUBLE, SINGLE],
  afterSpace: false,
  lifetimes: false,
  docstrings: false,
  ...members,
});

const SLASHES = syntax({ line: ['//'], block: [['/*', '*/']] });
const HASH = syntax({ line: ['#'], afterSpace: true });
const MARKUP = syntax({ block: [['<!--', '-->']], strings: [] });
const SCRIPT = syntax({ ...SLASHES, line: ['//', '#!'], strings: [DOUBLE, SINGLE, BACKTICK] });
const NESTING = syntax({ ...SLASHES, nests: true, strings: [...TRIPLE, DOUBLE, SINGLE] });

/** By the names of languages and by the ends of file names. */
const SYNTAXES: readonly (readonly [names: string, syntax: CommentSyntax])[] = [
  ['typescript tsx ts mts cts javascript jsx js mjs cjs', SCRIPT],
  [
    'c h cpp c++ cc cxx hpp hh csharp c# cs java groovy gradle dart objective-c m proto solidity sol zig d',
    SLASHES,
  ],
  ['json5 jsonc', SLASHES],
  ['kotlin kt kts swift scala', NESTING],
  ['go golang', syntax({ ...SLASHES, strings: [DOUBLE, SINGLE, RAW_BACKTICK] })],
  [
    'rust rs',
    syntax({
      ...SLASHES,
      nests: true,
      lifetimes: true,
      strings: [...RAW_RUST, text('"', { spansLines: true })],
    }),
  ],
  ['php', syntax({ line: ['//', '#'], block: [['/*', '*/']] })],
  ['css', syntax({ block: [['/*', '*/']] })],
  ['scss less', SLASHES],
  [
    'python py pyi starlark bzl',
    syntax({ line: ['#'], strings: [...TRIPLE, DOUBLE, SINGLE], docstrings: true }),
  ],
  ['ruby rb', syntax({ line: ['#'], block: [['\n=begin', '\n=end']], afterSpace: true })],
  ['shell bash sh zsh fish perl pl pm r dockerfile makefile make mk cmake yaml yml nix elixir ex exs', HASH],
  [
    'toml ini conf cfg properties',
    syntax({ line: ['#', ';'], strings: [...TRIPLE, DOUBLE, SINGLE], afterSpace: true }),
  ],
  ['terraform tf hcl', syntax({ line: ['#', '//'], block: [['/*', '*/']] })],
  ['graphql gql', syntax({ line: ['#'], strings: [...TRIPLE, DOUBLE] })],
  [
    'sql',
    syntax({
      line: ['--'],
      block: [['/*', '*/']],
      strings: [text("'", { escapes: false, spansLines: true })],
    }),
  ],
  ['lua', syntax({ line: ['--'], block: [['--[[', ']]']] })],
  ['haskell hs elm', syntax({ line: ['--'], block: [['{-', '-}']], nests: true, strings: [DOUBLE] })],
  ['clojure clj lisp el scheme scm', syntax({ line: [';'], strings: [text('"', { spansLines: true })] })],
  ['erlang erl tex matlab', syntax({ line: ['%'] })],
  ['f# fs fsx ocaml ml mli', syntax({ line: ['//'], block: [['(*', '*)']], nests: true, strings: [DOUBLE] })],
  ['julia jl', syntax({ line: ['#'], block: [['#=', '=#']], nests: true, strings: [...TRIPLE, DOUBLE] })],
  ['nim', syntax({ line: ['#'], block: [['#[', ']#']], nests: true, strings: [...TRIPLE, DOUBLE] })],
  ['powershell ps1 psm1', syntax({ line: ['#'], block: [['<#', '#>']] })],
  [
    'vue svelte astro',
    syntax({
      line: ['//'],
      block: [
        ['<!--', '-->'],
        ['/*', '*/'],
      ],
      strings: [],
      afterSpace: true,
    }),
  ],
  ['html htm xml svg markdown md', MARKUP],
];

/** The syntax of a file, by the end of its name, then by its language; null where comments cannot be found. */
export function commentSyntax(path: string, language: string): CommentSyntax | null {
  const extension = /\.([a-z0-9+#]+)$/i.exec(path)?.[1]?.toLowerCase() ?? '';
  const byName = (name: string) => SYNTAXES.find(([names]) => names.split(' ').includes(name))?.[1];
  return byName(extension) ?? byName(language) ?? null;
}

/** Names that a caller was granted: dataset → its columns. */
export type GrantedNames = ReadonlyMap<string, readonly string[]>;

const KEYWORDS =
  'SELECT FROM WHERE GROUP BY ORDER LIMIT HAVING JOIN LEFT INNER ON USING AS AND OR NOT IN IS NULL LIKE BETWEEN CASE WHEN THEN ELSE END DISTINCT UNION ALL WITH COUNT SUM AVG MIN MAX'.split(
    ' ',
  );
const COMMANDS = ['\\d', '\\h', '\\q'];
const AFTER_TABLE_WORD = /\b(?:from|join)\s+(?:[\w."]+\s*,\s*)*[\w."]*$/i;

/** Completion for the line editor: `[candidates, the text they complete]`. */
export function createCompleter(names: () => GrantedNames): (line: string) => [string[], string] {
  return (line) => {
    const word = /(?:\\?[\w.]*)$/.exec(line)?.[0] ?? '';
    if (line.startsWith('\\')) return [commandMatches(line, names()), line.startsWith('\\d ') ? word : line];
    return [matches(line, word, names()), word];
  };
}

function commandMatches(line: string, names: GrantedNames): string[] {
  const argument = /^\\d\s+(\S*)$/.exec(line)?.[1];
  if (argument === undefined) return COMMANDS.filter((command) => command.startsWith(line));
  return [...names.keys()].filter((name) => name.startsWith(argument)).sort();
}

function matches(line: string, word: string, names: GrantedNames): string[] {
  if (word === '') return AFTER_TABLE_WORD.test(line) ? [...names.keys()].sort() : [];
  const datasets = [...names.keys()];
  if (AFTER_TABLE_WORD.test(line)) return startingWith(word, datasets);
  const mentioned = datasets.filter((name) => line.includes(name));
  const scope = mentioned.length === 0 ? datasets : mentioned;
  const columns = scope.flatMap((name) => names.get(name) ?? []);
  const keywords = word === word.toUpperCase() ? KEYWORDS : KEYWORDS.map((each) => each.toLowerCase());
  return startingWith(word, [...columns, ...datasets, ...keywords]);
}

function startingWith(word: string, candidates: readonly string[]): string[] {
  return [...new Set(candidates.filter((each) => each.startsWith(word)))].sort();
}

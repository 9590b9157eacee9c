import type { SourceSection } from '../../review/inspect/index.ts';

/** A file beside the reviewed one, or the parts of it that have to do with it. */
export interface Neighbour {
  readonly path: string;
  readonly text: string;
}

export interface NeighbourPaths {
  /** What the file imports. */
  readonly imported: readonly string[];
  /** What imports the file. */
  readonly importers: readonly string[];
}

/** The texts of a tree, and each cut at its declarations. */
export interface SourceTexts {
  /** Null where it is no text. */
  readText(path: string): string | null;
  sectionsOf(path: string): readonly SourceSection[];
}

const MOST_NEIGHBOURS = 20;
const MOST_CHARACTERS = 24_000;
const MOST_CHARACTERS_EACH = 6_000;

/**
 * The neighbours of a file within a size: whole where they are short, else of an imported file the declarations that the
 * file mentions, and of an importer those that mention a declaration of the file.
 */
export function neighbourExcerpts(
  file: { readonly path: string; readonly text: string },
  { imported, importers }: NeighbourPaths,
  tree: SourceTexts,
): readonly Neighbour[] {
  const mentioned = wordsOf(file.text);
  const declared = new Set(tree.sectionsOf(file.path).flatMap(({ text }) => declaredNames(text)));
  const isUsed = (section: string) => declaredNames(section).some((name) => mentioned.has(name));
  const isUser = (section: string) => [...wordsOf(section)].some((word) => declared.has(word));
  const asked = [
    ...imported.map((path) => ({ path, isRelevant: isUsed })),
    ...importers.filter((path) => !imported.includes(path)).map((path) => ({ path, isRelevant: isUser })),
  ];
  const neighbours: Neighbour[] = [];
  let left = MOST_CHARACTERS;
  for (const { path, isRelevant } of alternating(asked, imported.length)) {
    if (neighbours.length >= MOST_NEIGHBOURS || left <= 0) break;
    const text = tree.readText(path);
    if (text === null || text.trim() === '') continue;
    const most = Math.min(MOST_CHARACTERS_EACH, left);
    const excerpt = text.length <= most ? text : excerptOf(tree.sectionsOf(path), isRelevant, most);
    left -= excerpt.length;
    neighbours.push({ path, text: excerpt });
  }
  return neighbours;
}

/** One of the imported, one of the importers, and so on, so that neither has all of the room. */
function alternating<T>(all: readonly T[], firstCount: number): readonly T[] {
  const [first, second] = [all.slice(0, firstCount), all.slice(firstCount)];
  return Array.from({ length: Math.max(first.length, second.length) }).flatMap((_, at) => [
    ...first.slice(at, at + 1),
    ...second.slice(at, at + 1),
  ]);
}

function excerptOf(
  sections: readonly SourceSection[],
  isRelevant: (section: string) => boolean,
  mostCharacters: number,
): string {
  const relevant = sections.filter(({ text }) => isRelevant(text));
  const wanted = (relevant.length === 0 ? sections : relevant).map(({ text }) => text).join('\n');
  if (wanted.length <= mostCharacters) return wanted;
  const cut = wanted.lastIndexOf('\n', mostCharacters);
  return wanted.slice(0, cut > 0 ? cut : mostCharacters);
}

function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.match(/[\p{L}_$][\p{L}\p{N}_$]{2,}/gu) ?? []);
}

/** Names after the words that declare something in the languages we know; methods of Go after their receiver. */
function declaredNames(section: string): readonly string[] {
  const declared =
    /\b(?:function\*?|class|interface|type|enum|struct|trait|fn|def|func(?: \([^)]{0,80}\))?|const|let|var|static|mod|module|record|object)\s+([\p{L}_$][\p{L}\p{N}_$]{2,})/gu;
  return [...section.matchAll(declared)].map((match) => match[1] ?? '');
}

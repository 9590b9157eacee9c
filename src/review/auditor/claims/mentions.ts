import type { Sentence } from './passages.ts';

/** A file, folder or symbol that a sentence names. */
export interface Mention {
  readonly kind: 'path' | 'symbol';
  /** Without code marks and `()`. */
  readonly name: string;
  /** In the sentence, code marks included. */
  readonly start: number;
  readonly end: number;
}

/** The files and symbols a sentence names, in the order of the text. */
export function mentionsIn({ text }: Sentence): readonly Mention[] {
  const mentions: Mention[] = [];
  for (const match of text.matchAll(
    /`([^`\n]+)`|(?<![\w/.@#:$-])([\w@.-]*[\w.-]+(?:\/[\w.-]+)*)(?:\(\))?/g,
  )) {
    const written = match[1] ?? match[0];
    const bare = written.replace(/[.,:;]+$/, '');
    const kind = match[1] === undefined ? kindOfBare(bare) : kindOfCode(written);
    if (kind === null || isPartOfAddress(text, match.index)) continue;
    const length = match[1] === undefined ? bare.length : match[0].length;
    const name = (match[1] === undefined ? bare : written).replace(/\(\)$/, '').replace(/:\d+(?:-\d+)?$/, '');
    mentions.push({ kind, name, start: match.index, end: match.index + length });
  }
  return mentions;
}

/** The sentence with each mention replaced by `⟦index⟧`, so that patterns see its grammar. */
export function skeletonOf(text: string, mentions: readonly Mention[]): string {
  let skeleton = '';
  let at = 0;
  for (const [index, { start, end }] of mentions.entries()) {
    skeleton += `${text.slice(at, start)}⟦${index}⟧`;
    at = end;
  }
  return skeleton + text.slice(at);
}

const EXTENSION =
  /\.(?:[cm]?[jt]sx?|rs|go|py|java|kt|rb|c|h|cc|cpp|hpp|cs|sql|md|mdx|toml|ya?ml|json|sh|html|css|scss|txt|lock|vue|svelte|proto|graphql)$/;
const PATH = /^(?:[\w@.-]+\/)*[\w@.-]+$/;

function kindOfCode(written: string): Mention['kind'] | null {
  const text = written.replace(/:\d+(?:-\d+)?$/, '');
  if (PATH.test(text) && EXTENSION.test(text) && !/^\d/.test(text)) return 'path';
  if (/^(?:[\w@.-]+\/)+$/.test(text)) return 'path';
  if (!/^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*(?:\(\))?$/.test(text)) return null;
  const last = text.replace(/\(\)$/, '').split('.').pop() ?? '';
  const isCodeLike = text.endsWith('()') || /[a-z\d][A-Z]/.test(last) || /\w_\w/.test(last);
  return isCodeLike ? 'symbol' : null;
}

/** Without code marks only what no word of a language looks like: a path with a folder, a camelCase name. */
function kindOfBare(written: string): Mention['kind'] | null {
  if (PATH.test(written) && EXTENSION.test(written) && /^[\w@.-]*[a-z]/i.test(written)) {
    // Node.js, package.json: names of things as often as files.
    return written.includes('/') || /[-_]/.test(written) ? 'path' : null;
  }
  return /^[a-z]{2,}[a-z\d]*(?:[A-Z][a-z\d]+)+(?:\(\))?$/.test(written) ? 'symbol' : null;
}

function isPartOfAddress(text: string, start: number): boolean {
  return /(?:https?:\/\/|www\.|@)\S*$/.test(text.slice(0, start));
}

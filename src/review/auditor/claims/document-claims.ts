import type { Change } from '../change/change.ts';
import { backed, type DraftClaim, type Judgement, notBacked, unknown } from './claim.ts';
import { isHedged, statementAbout } from './grammar.ts';
import type { Passages, Sentence } from './passages.ts';

/** Files that people name without a path, with a pattern of the paths that may be meant. */
const DOCUMENTS: readonly (readonly [name: string, path: RegExp])[] = [
  ['readme(?:\\.md)?', /(?:^|\/)readme(?:\.\w+)?$/i],
  ['changelog(?:\\.md)?', /(?:^|\/)(?:changelog|changes|history|news)(?:[./]|$)|\.changeset/i],
  ['contributing(?:\\.md)?', /(?:^|\/)contributing(?:\.\w+)?$/i],
  ['(?:ARCHITECTURE|architecture\\.md)', /(?:^|\/)architecture(?:\.\w+)?$/i],
  ['(?:SECURITY|security\\.md)', /(?:^|\/)security(?:\.\w+)?$/i],
  ['threat model', /threat[-_ ]?model/i],
  ['package\\.json', /(?:^|\/)package\.json$/],
  ['tsconfig\\.json', /(?:^|\/)tsconfig[\w.]*\.json$/],
  ['cargo\\.toml', /(?:^|\/)Cargo\.toml$/i],
  ['pyproject\\.toml', /(?:^|\/)pyproject\.toml$/i],
  ['(?:dockerfile)', /(?:^|\/)[\w.-]*dockerfile[\w.-]*$/i],
  ['(?:makefile)', /(?:^|\/)makefile$/i],
];

const MENTION = new RegExp(
  `(?<![\\w/.-])(?:${DOCUMENTS.map(([name]) => `(${name})`).join('|')})(?![\\w/-])(?!\\.\\w)`,
  'gi',
);

/** `Say in README …`, `Document it in the changelog`: at the start of a sentence, for elsewhere it may be of another day. */
const TOLD =
  /^\s*(?:[-*+]\s+)?(?:and\s+)?(?:say|tell|document|describe|note|mention|explain|record|list|show)\b(?:(?!\b(?:how|what|which|why|that|whether|when|where|who)\b)[^.;:])*\bin\s+(?:(?:the|README|ARCHITECTURE|CHANGELOG|CONTRIBUTING|SECURITY|changelog|readme|threat model|and|,)[\s,]*)*$/i;

/** Documents and settings files that a text says were written to. */
export function documentClaims({ source, sentences }: Passages): readonly DraftClaim[] {
  if (source.document === 'CHANGELOG.md') return [];
  return sentences.flatMap((sentence) => {
    if (isHedged(sentence.text)) return [];
    return [...sentence.text.matchAll(MENTION)].flatMap((match) => claimOf(sentence, match));
  });
}

function claimOf({ start, text, block }: Sentence, match: RegExpExecArray): readonly DraftClaim[] {
  const [name] = match;
  const index = match.slice(1).findIndex((group) => group !== undefined);
  const path = DOCUMENTS[index]?.[1];
  const at = match.index - (text[match.index - 1] === '`' ? 1 : 0);
  const after = text.slice(match.index + name.length).replace(/^`/, '');
  if (path === undefined) return [];
  const stated = statementAbout(text, at, after);
  const isChanged = stated?.deed === 'changed' && stated.isDirect && !stated.isNegated && endsHere(after);
  if (!isChanged && !TOLD.test(text.slice(0, at))) return [];
  return [
    {
      kind: 'file',
      start: start + match.index,
      end: start + match.index + name.length,
      judge: (change) => judgeWritten(change, name, path, block.kind !== 'item'),
    },
  ];
}

/** `Update README links` is about links, `Fix the Dockerfile parser` about a parser. */
function endsHere(after: string): boolean {
  return /^\s*(?:$|[.,;:)]|(?:and|for|with|to|so|accordingly|as well|too)\b)/i.test(after);
}

/** The items of a squashed commit tell steps, of which a later one may undo an earlier. */
function judgeWritten(change: Change, name: string, path: RegExp, isOfWhole: boolean): Judgement {
  const touched = change.files.find(
    (one) => path.test(one.path) || (one.from !== null && path.test(one.from)),
  );
  if (touched !== undefined) return backed(`git diff: ${touched.status} ${touched.path}`);
  const known = change.pathLike(path);
  if (known === null) return unknown(`no ${name} before or after the change`);
  const seen = `the diff does not touch ${known}`;
  return isOfWhole ? notBacked(seen) : unknown(seen);
}

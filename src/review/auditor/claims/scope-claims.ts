import { parseSource } from '../../inspect/index.ts';
import type { Change } from '../change/change.ts';
import { backed, type DraftClaim, type Judgement, notBacked, unknown } from './claim.ts';
import type { Passages } from './passages.ts';

/** What a text says the change is limited to. */
const PATTERNS: readonly (readonly [RegExp, (change: Change) => Judgement])[] = [
  [
    /\b(?:docs|documentation|documents|readme)[- ]only\b|\bonly (?:the )?(?:docs|documentation|documents)\b(?! (?:say|know|speak|name))/gi,
    judgeDocuments,
  ],
  [/\btests?[- ]only\b|\bonly (?:the )?tests (?:change|are changed|are touched)\b/gi, judgeTestsOnly],
  [
    /\b(?:comments?|formatting|whitespace|white space)[- ]only\b|\bonly (?:comments|formatting|white ?space)\b/gi,
    judgeSameCode,
  ],
  [/\bno (?:code|source) (?:is |was )?chang(?:es?|ed)\b/gi, judgeSameCode],
  [
    /\bno (?:functional|behaviou?r(?:al)?) changes?\b|\bbehaviou?r is (?:the same|unchanged)\b/gi,
    judgeSameBehaviour,
  ],
  [
    /\bno tests? (?:is |are |was |were )?(?:needed|necessary|required)\b|\bneeds no tests?\b/gi,
    judgeNoTestNeeded,
  ],
  [/\bno tests? (?:is |are |was |were )?chang(?:es?|ed)\b/gi, judgeNoTestChanged],
];

/** Claims of what a change does not touch. */
export function scopeClaims({ source, sentences }: Passages): readonly DraftClaim[] {
  if (source.document === 'CHANGELOG.md') return [];
  return sentences.flatMap(({ text, start }) =>
    PATTERNS.flatMap(([pattern, judge]) =>
      [...text.matchAll(pattern)]
        .filter(({ index }) => !/(?:\bnot|\bnever|n't)\s+$/i.test(text.slice(0, index)))
        .map((match): DraftClaim => {
          const at = start + match.index;
          return { kind: 'scope', start: at, end: at + match[0].length, judge };
        }),
    ),
  );
}

function judgeDocuments(change: Change): Judgement {
  const other = change.files.find(({ path }) => !isDocument(path));
  return other === undefined
    ? backed('git diff: documents only')
    : notBacked(`the diff changes ${other.path}`);
}

function judgeTestsOnly(change: Change): Judgement {
  const other = change.files.find(({ path }) => !change.isTest(path));
  return other === undefined ? backed('git diff: tests only') : notBacked(`the diff changes ${other.path}`);
}

function judgeSameCode(change: Change): Judgement {
  const { changed, unseen } = codeChanges(change);
  if (changed !== null)
    return notBacked(`${changed} has other code than before, comments and layout left out`);
  return unseen === null
    ? backed('the code is the same but for comments and layout')
    : unknown(`${unseen} cannot be parsed`);
}

function judgeSameBehaviour(change: Change): Judgement {
  const { changed, unseen } = codeChanges(change);
  if (changed === null && unseen === null) return backed('the code is the same but for comments and layout');
  return {
    verifier: 'inference',
    verdict: 'unknown',
    evidence: `${changed ?? unseen} changes; needs a reader`,
  };
}

function judgeNoTestNeeded(change: Change): Judgement {
  const { changed, unseen } = codeChanges(change);
  if (changed === null && unseen === null) return backed('no code that runs changes');
  return {
    verifier: 'inference',
    verdict: 'unknown',
    evidence: `${changed ?? unseen} changes; needs a reader`,
  };
}

function judgeNoTestChanged(change: Change): Judgement {
  const test = change.files.find(({ path }) => change.isTest(path));
  return test === undefined ? backed('git diff: no test file') : notBacked(`the diff changes ${test.path}`);
}

/** The first production file whose code changes, and the first whose code cannot be compared. */
function codeChanges(change: Change): { readonly changed: string | null; readonly unseen: string | null } {
  let unseen: string | null = null;
  for (const { path, from } of change.files) {
    if (isDocument(path) || change.isTest(path)) continue;
    const earlier = codeOf(from ?? path, change.before(from ?? path));
    const later = codeOf(path, change.after(path));
    if (earlier === null || later === null) unseen ??= path;
    else if (earlier !== later) return { changed: path, unseen };
  }
  return { changed: null, unseen };
}

/** A file's syntax without places and spelling; null where there is no parser, empty where there is no file. */
function codeOf(path: string, text: string | null): string | null {
  if (!/\.[cm]?[jt]sx?$/.test(path)) return null;
  if (text === null) return '';
  const file = parseSource(path, text);
  const isLayout = (key: string) => /^(?:start|end|range|loc|raw|parenthesized)$/.test(key);
  return file === null
    ? null
    : JSON.stringify(file.program, (key, value) =>
        isLayout(key) ? undefined : typeof value === 'bigint' ? String(value) : value,
      );
}

function isDocument(path: string): boolean {
  return (
    /\.(?:md|mdx|txt|rst|adoc)$/i.test(path) ||
    /^(?:docs|doc)\//.test(path) ||
    /(?:^|\/)(?:LICENSE|NOTICE)$/.test(path)
  );
}

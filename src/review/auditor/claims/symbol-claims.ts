import type { Change } from '../change/change.ts';
import { type PatchLine, placeOf } from '../change/patch.ts';
import { backed, type DraftClaim, type Judgement, notBacked, unknown } from './claim.ts';
import { isHedged, type Statement, statementAbout } from './grammar.ts';
import { mentionsIn, skeletonOf } from './mentions.ts';
import type { Passages } from './passages.ts';

/** Symbols a text names, and what it says was done to them. */
export function symbolClaims({ source, sentences }: Passages): readonly DraftClaim[] {
  const speaksOfThisChange = source.document !== 'CHANGELOG.md';
  return sentences.flatMap((sentence) => {
    const mentions = mentionsIn(sentence);
    const skeleton = skeletonOf(sentence.text, mentions);
    return mentions.flatMap((mention, index): DraftClaim[] => {
      if (mention.kind !== 'symbol') return [];
      const name = mention.name.split('.').pop() ?? mention.name;
      const before = skeleton.slice(0, skeleton.indexOf(`⟦${index}⟧`));
      const after = sentence.text.slice(mention.end);
      const stated = speaksOfThisChange ? statementAbout(skeleton, before.length, after) : null;
      const isNewName = /\brenam\w+\s+(?:\w+\s+)?⟦\d+⟧\s+(?:to|as|into)\s+$/i.test(before);
      const isOldName = /\brenam\w+\s+(?:\w+\s+)?$/i.test(before) && /^\s+(?:to|as|into)\b/i.test(after);
      // `Node's structuredClone` is somebody else's.
      const isDoubtful = isHedged(sentence.text) || /['’]s?\s+$/.test(before) || !isOfPrograms(name);
      return [
        {
          kind: 'symbol',
          start: sentence.start + mention.start,
          end: sentence.start + mention.end,
          judge: (change) => {
            if (isNewName) return judgeAdded(change, name, isDoubtful);
            if (isOldName) return judgeRemoved(change, name);
            return judgeStated(change, name, stated, isDoubtful);
          },
        },
      ];
    });
  });
}

/** camelCase, as opposed to `NODE_OPTIONS` and `json_array`, which are as often somebody else's. */
function isOfPrograms(name: string): boolean {
  return !name.includes('_');
}

function judgeStated(change: Change, name: string, stated: Statement | null, isDoubtful: boolean): Judgement {
  if (stated?.isDirect === true && !stated.isNegated) {
    if (stated.deed === 'added') return judgeAdded(change, name, isDoubtful);
    if (stated.deed === 'removed') return judgeRemoved(change, name);
  }
  return judgeNamed(change, name, isDoubtful);
}

function judgeAdded(change: Change, name: string, isDoubtful: boolean): Judgement {
  const place = firstPlace(change.lines.added, name);
  if (place !== null) return backed(`added in ${place}`);
  const [known] = change.filesNaming(name);
  if (known === undefined) return judgeNamed(change, name, isDoubtful);
  return notBacked(`no added line holds ${name}; ${known} does`);
}

function judgeRemoved(change: Change, name: string): Judgement {
  const place = firstPlace(change.lines.removed, name);
  if (place !== null) return backed(`removed from ${place}`);
  return notBacked(`no removed line holds ${name}`);
}

function judgeNamed(change: Change, name: string, isDoubtful: boolean): Judgement {
  const place = firstPlace(change.lines.added, name) ?? firstPlace(change.lines.removed, name);
  if (place !== null) return backed(`in the diff: ${place}`);
  const [known] = change.filesNaming(name);
  if (known !== undefined) return backed(`in the tree: ${known}`);
  if (isDoubtful) return unknown(`git grep: no file before or after the change holds ${name}`);
  return notBacked(`git grep: no file before or after the change holds ${name}`);
}

function firstPlace(lines: ReadonlyMap<string, readonly PatchLine[]>, name: string): string | null {
  const isWord = new RegExp(`(?<![\\w$])${name.replaceAll('$', '\\$')}(?![\\w$])`);
  return placeOf(lines, (text) => isWord.test(text));
}

import type { Change } from '../change/change.ts';
import { backed, type DraftClaim, type Judgement, notBacked, unknown } from './claim.ts';
import { isHedged } from './grammar.ts';
import { mentionsIn, skeletonOf } from './mentions.ts';
import { isApproximate, numberOf, WHOLE } from './numbers.ts';
import type { Passages } from './passages.ts';

/** `⟦a.ts⟧ has 120 lines`, `⟦a.ts⟧ shrinks from 700 to 120 lines`, `⟦a.ts⟧ is 120 lines long`. */
const SIZED = new RegExp(
  String.raw`⟦(\d+)⟧ (?:now )?(?:has|is|counts|holds|shrinks to|grows to|shrank to|grew to|goes|went|shrinks|grows|shrank|grew)(?: now| down| up| from (${WHOLE})(?: lines)?)*(?: to)? (${WHOLE}) lines\b(?! (?:shorter|longer|less|more|of|that|which|with|in|smaller))`,
  'gi',
);

/** How long a text says that files are. */
export function sizeClaims({ source, sentences }: Passages): readonly DraftClaim[] {
  if (source.document === 'CHANGELOG.md') return [];
  return sentences.flatMap((sentence) => {
    if (isHedged(sentence.text)) return [];
    const mentions = mentionsIn(sentence);
    return [...skeletonOf(sentence.text, mentions).matchAll(SIZED)].flatMap((match): DraftClaim[] => {
      const file = mentions[Number(match[1])];
      const [from, to] = [match[2], match[3]];
      const lead = match[0].slice(0, match[0].lastIndexOf(to ?? ''));
      if (file?.kind !== 'path' || to === undefined || isApproximate(lead)) return [];
      return [
        {
          kind: 'count',
          start: sentence.start + file.start,
          end: sentence.start + sentence.text.trimEnd().length,
          judge: (change) =>
            judgeSize(change, file.name, from === undefined ? null : numberOf(from), numberOf(to)),
        },
      ];
    });
  });
}

function judgeSize(change: Change, name: string, from: number | null, to: number): Judgement {
  const [path, other] = change.knownPaths(name);
  if (path === undefined || other !== undefined || name.endsWith('/'))
    return unknown(path === undefined ? `no file ${name}` : `${name} may be ${path} or ${other}`);
  const [before, after] = [linesOf(change.before(path)), linesOf(change.after(path))];
  const seen = `${path}: ${before ?? 'no'} lines before, ${after ?? 'none'} after`;
  if (after === null) return unknown(seen);
  // People count with and without the last line break.
  const isNear = (claimed: number, counted: number | null) =>
    counted !== null && Math.abs(claimed - counted) <= 1;
  if (isNear(to, after) && (from === null || isNear(from, before))) return backed(seen);
  // It may speak of the day before, or of code without comments and blank lines.
  const isPossible = isNear(to, before) || to < after;
  return isPossible ? unknown(seen) : notBacked(seen);
}

function linesOf(text: string | null): number | null {
  return text === null ? null : text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

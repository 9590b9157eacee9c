import type { Change } from '../change/change.ts';
import { placeOf } from '../change/patch.ts';
import { backed, type DraftClaim, type Judgement, notBacked, unknown } from './claim.ts';
import { isHedged, statementAbout } from './grammar.ts';
import type { Passages } from './passages.ts';

/** Names that no word of a language looks like, with or without code marks: options, addresses, variables of the environment. */
const LITERAL =
  /(?<![\w/-])--[a-z][\w-]*\w|(?<=\b(?:GET|POST|PUT|PATCH|DELETE|HEAD)\s)\/[\w./{}:-]*[\w}]|(?<![\w/.$-])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g;

/**
 * Options, addresses and variables that a text says were added or removed. One that is merely named is no claim of its own: what
 * the sentence says of it is.
 */
export function literalClaims({ source, sentences }: Passages): readonly DraftClaim[] {
  if (source.document === 'CHANGELOG.md') return [];
  return sentences.flatMap(({ block, text, start }) => {
    if (isHedged(text)) return [];
    return [...text.matchAll(LITERAL)].flatMap((match): DraftClaim[] => {
      const [name] = match;
      const lead = text.slice(0, match.index).replace(/`?(?:(?:GET|POST|PUT|PATCH|DELETE|HEAD)\s)?$/, '');
      const after = text.slice(match.index + name.length).replace(/^[^`\s]*(?:\s[A-Z]+)?`/, '');
      // `Add a test of --run` adds a test; the verb must govern the name itself.
      const stated = statementAbout(lead.replace(/`$/, ''), lead.replace(/`$/, '').length, after);
      if (stated === null || !stated.isDirect || stated.isNegated) return [];
      const { deed } = stated;
      if (deed !== 'added' && deed !== 'removed') return [];
      return [
        {
          kind: 'symbol',
          start: start + match.index,
          end: start + match.index + name.length,
          judge: (change) => judgeLiteral(change, name, deed, block.kind !== 'item'),
        },
      ];
    });
  });
}

/** The items of a squashed commit tell steps, of which a later one may undo an earlier. */
function judgeLiteral(
  change: Change,
  name: string,
  deed: 'added' | 'removed',
  isOfWhole: boolean,
): Judgement {
  const place = placeOf(change.lines[deed], (line) => holds(line, name));
  if (place !== null) return backed(`${deed} ${deed === 'added' ? 'in' : 'from'} ${place}`);
  const [known] = change.filesNaming(name);
  // Nowhere at all it may be written in parts, or be of another program.
  if (known === undefined) return unknown(`git grep: no file before or after the change holds ${name}`);
  const seen = `no ${deed} line holds ${name}; ${known} does`;
  return isOfWhole ? notBacked(seen) : unknown(seen);
}

/** Options are often declared without their dashes, and addresses with what stands before them elsewhere. */
function holds(line: string, name: string): boolean {
  return line.includes(name) || line.includes(name.replace(/^--/, '')) || line.includes(lastPart(name));
}

function lastPart(name: string): string {
  return name.startsWith('/') ? (/\/[^/]+$/.exec(name)?.[0] ?? name) : name;
}

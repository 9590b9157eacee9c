import type { Change } from '../change/change.ts';
import { placeOf } from '../change/patch.ts';
import { backed, type DraftClaim, type Judgement, notBacked, unknown } from './claim.ts';
import { isHedged } from './grammar.ts';
import type { Passages } from './passages.ts';

const VERSION = String.raw`v?(\d+\.\d+\.\d+(?:-[\w.]*\w)?)(?![\w-]|\.\d)`;
/** `Bump lodash from 4.17.20 to 4.17.21`, `Upgrade @scope/name to 2.0.1`: whole versions alone, since `5` may be any of them. */
const MOVED = new RegExp(
  String.raw`^\s*(?:[-*+]\s+)?(?:[a-z]+(?:\([\w@/.-]+\))?!?:\s*)?(?:bump|upgrade|update|downgrade|pin)s?\s+(?:the\s+)?(?:version of\s+)?${'`?'}([\w@/.-]+)${'`?'}(?:\s+version)?\s+(?:from\s+${VERSION}\s+)?to\s+${VERSION}`,
  'i',
);

/** Versions that a text says something was moved to. */
export function versionClaims({ source, sentences }: Passages): readonly DraftClaim[] {
  if (source.document === 'CHANGELOG.md') return [];
  return sentences.flatMap(({ start, text }): DraftClaim[] => {
    const match = MOVED.exec(text);
    const version = match?.[3];
    if (match === null || version === undefined || isHedged(text)) return [];
    return [
      {
        kind: 'count',
        start: start + match.index,
        end: start + match.index + match[0].length,
        judge: (change) => judgeMoved(change, version, match[2] ?? null),
      },
    ];
  });
}

function judgeMoved(change: Change, to: string, from: string | null): Judgement {
  const isWhole = (version: string) => {
    const pattern = new RegExp(`(?<![\\d.])${version.replaceAll('.', '\\.')}(?![\\d.]*\\d)`);
    return (line: string) => pattern.test(line);
  };
  const place = placeOf(change.lines.added, isWhole(to));
  if (place !== null) return backed(`added in ${place}`);
  // What lock files and archives hold may be no text.
  if (change.files.some(({ addedLines }) => addedLines === null)) return unknown('a binary file was changed');
  const old = from === null ? null : placeOf(change.lines.removed, isWhole(from));
  if (old !== null) return notBacked(`${from} is removed from ${old}, and no added line holds ${to}`);
  // A range such as ^2.0.0 or a hash may stand for it.
  return unknown(`no added line holds ${to}`);
}

import { type DraftClaim, leftToInference, unknown } from './claim.ts';
import type { Passages } from './passages.ts';

/** What remains of a text: behaviour and purpose, which only a reader can judge, and what calls itself partial. */
export function proseClaims(
  { source, sentences }: Passages,
  claimed: readonly DraftClaim[],
): readonly DraftClaim[] {
  return sentences.flatMap((sentence): DraftClaim[] => {
    const { text } = sentence;
    const start = sentence.start + (text.length - text.trimStart().length);
    const end = sentence.start + text.trimEnd().length;
    // What git writes of a merge says which, and nothing of what it does.
    if (
      sentence.block.kind === 'subject' &&
      /^Merge (?:branch|pull request|remote-tracking|tag|commit)\b/.test(text)
    )
      return [];
    const place = { start, end };
    if (/\(partial(?:ly)?\)/i.test(text)) {
      return [{ ...place, kind: 'progress', judge: () => unknown('it says itself that it is partial') }];
    }
    if (
      /^\s*#{1,6}\s/.test(text) ||
      claimed.some((one) => one.isReference !== true && one.start >= start && one.start < end)
    )
      return [];
    if (sentence.block.checked === true) {
      return [
        { ...place, kind: 'progress', judge: () => unknown('a checked box that names nothing to look for') },
      ];
    }
    // A release's entries are read with the release.
    if (source.document === 'CHANGELOG.md' || text.trim().length < 12) return [];
    const isPurpose = /\b(?:so that|in order to|because|since)\b|^\s*to\s/i.test(text);
    return [{ ...place, kind: isPurpose ? 'purpose' : 'behaviour', judge: leftToInference }];
  });
}

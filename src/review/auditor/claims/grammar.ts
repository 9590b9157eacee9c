// How a sentence speaks of what it names: what was done to it, whether it was done at all, and whether that is certain.

/** What a sentence says was done to the thing it names. */
export type Deed = 'added' | 'removed' | 'renamed' | 'changed';

/** The deed a verb states of its object, when the verb governs it. */
export interface Statement {
  readonly deed: Deed;
  /** The object follows its verb at once: `Add X`, `removes the file X`. */
  readonly isDirect: boolean;
  /** The sentence says that it was not done: `without touching X`. */
  readonly isNegated: boolean;
}

const VERBS: Readonly<Record<Deed, string>> = {
  added: 'add|create|introduce|implement|export|write',
  removed: 'delete|remove|drop',
  renamed: 'rename|move',
  changed:
    'change|edit|update|fix|mend|rewrite|refactor|split|extract|extend|touch|modify|regenerate|generate|format|simplif(?:y|i)|shorten|convert|replace|adjust|correct|tidy|rework|clean(?: up)?|alter',
};

/** The verb in its forms; the deed is the name of the group that matched. */
const VERB = new RegExp(
  `\\b(?:${Object.entries(VERBS)
    .map(([deed, verbs]) => `(?<${deed}>(?:${verbs})(?:d|ed|ted|ped|led|s|es|ing|ting|ping)?)`)
    .join('|')}|(?<writes>wrote|written|rewrote|rewritten))\\b`,
  'gi',
);

/** The clause of a sentence that ends where a mention begins. */
function clauseBefore(text: string, start: number): string {
  const before = text.slice(0, start);
  const parts = before.split(
    /[;:(]\s|\s[–—]\s|,?\s\b(?:because|since|which|that|how|what|why|whether|where|when|while|whose|so|but|as|than|if|unless|until|before|after|whereas|although)\b\s/i,
  );
  return parts.pop() ?? '';
}

/** What the sentence says was done to the mention that stands at `start`; null where no verb governs it. */
export function statementAbout(text: string, start: number, after: string): Statement | null {
  const clause = clauseBefore(text, start);
  const match = [...clause.matchAll(VERB)].pop();
  if (match === undefined) return null;
  const between = clause.slice(match.index + match[0].length);
  const lead = clause.slice(0, match.index);
  if (!isPredicate(match[0], lead, clause === text.slice(0, start))) return null;
  if (
    /\b(?:will|would|could|should|may|might|can|must|to|later|next|plan(?:s|ned)?|cannot)\s+(?:\w+\s+)?$/i.test(
      lead,
    )
  )
    return null;
  const deed: Deed = DEEDS.find((one) => match.groups?.[one] !== undefined) ?? 'changed';
  // What stands after these words is what the deed was done with or from, not what it was done to.
  const turn =
    /\b(?:like|with|by|against|using|via|through|see|unlike|from|about|for|without|instead of|per|(?:callers?|users?|consumers?|importers?|imports?|uses|references?|links?|calls?) (?:of|to))\s+(?:the\s+)?$/i.exec(
      between,
    );
  const isTakenFrom =
    turn?.[0].trim().startsWith('from') === true && /^(?:remov|delet|drop|mov|extract|split)/i.test(match[0]);
  if (turn !== null && !isTakenFrom) return null;
  // `Fix the crash in X by guarding Y` names where it showed, and then where it was mended.
  if (/\bby \w+ing\b/i.test(after) && !isTakenFrom) return null;
  const isDirect =
    /^\s+(?:(?:the|a|an|new|file|folder|function|class|method|unused|dead|old|both|and)\s+|⟦\d+⟧\s*(?:,|and)\s*)*$/i.test(
      between,
    );
  const goesElsewhere = isDirect && /^\s+(?:to|into|from|in|on|as|for)\b/i.test(after);
  return {
    deed,
    isDirect: isDirect && !goesElsewhere,
    isNegated: /(?:\b(?:not|never|without|nor)|n't)\s+(?:\w+\s+)?$/i.test(lead),
  };
}

const DEEDS: readonly Deed[] = ['added', 'removed', 'renamed', 'changed'];

/** A verb and not a noun or adjective of its spelling: at the start of a clause, or where a subject stands before it. */
function isPredicate(verb: string, lead: string, isFirstClause: boolean): boolean {
  const before = lead.trim();
  if (before === '' || /^(?:[-*+]|\d+[.)]|#+)(?:\s\[[ xX]\])?$/.test(before))
    return isFirstClause || !/ing$/i.test(verb);
  if (/^(?:[a-z]+(?:\([^)]*\))?!?:)$/i.test(before)) return true;
  if (/(?:,|\band|\bthen|\balso|\bnow)$/i.test(before)) return true;
  if (/(?:\bnot|n't|\bnever)$/i.test(before) && /\b(?:do|does|did)(?:\s+not|n't|\s+never)$/i.test(before))
    return true;
  if (/(?:\bwithout|\bby)$/i.test(before) && /ing$/i.test(verb)) return true;
  if (/(?:s|es)$/i.test(verb)) return /\b(?:this|it|commit|change|patch|pr|request)$/i.test(before);
  return (
    /(?:ed|wrote|written|rewrote|rewritten)$/i.test(verb) && /\b(?:is|are|was|were|we|i|been)$/i.test(before)
  );
}

/** Whether a sentence speaks of what is not, was not, or is somebody else's. */
export function isHedged(text: string): boolean {
  return /\b(?:not|no longer|never|without|instead of|rather than|unlike|would|could|might|reject\w*|refus\w*|consider\w*|formerly|used to|was called|no|nor|none|nothing|e\.g\.|for example|such as|if|later|todo|upstream)\b|n't\b/i.test(
    text,
  );
}

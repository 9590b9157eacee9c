import type { Change } from '../change/change.ts';
import type { SymbolUsage } from '../change/symbol-usage.ts';
import { backed, type DraftClaim, type Judgement, notBacked, unknown } from './claim.ts';
import { type Mention, mentionsIn, skeletonOf } from './mentions.ts';
import type { Passages, Sentence } from './passages.ts';

const CALLS = `(?:now |also |really |then |always )?(?:calls?|uses?|invokes?|consults?|asks?|runs?|goes through|passes(?: through)?|awaits?|reads?)`;
const CALLED = '(?:called|used|invoked|run|asked|consulted|registered|mounted|enforced|applied|awaited)';
const EVERY = String.raw`\b(?:every|each|all)(?: [\w-]+){1,5}`;

/** How sentences say that something is called. `callee` must have a caller; `caller`, where named, must be it. */
const PATTERNS: readonly RegExp[] = [
  new RegExp(String.raw`⟦(?<caller>\d+)⟧ ${CALLS} ⟦(?<callee>\d+)⟧`, 'g'),
  new RegExp(String.raw`⟦(?<callee>\d+)⟧ is (?:now )?${CALLED} (?:by|in|from|on|at) ⟦(?<caller>\d+)⟧`, 'g'),
  new RegExp(
    String.raw`⟦(?<callee>\d+)⟧ is (?:now )?${CALLED} (?:by|on|for|in|from|before|at) (?:every|each|all|the)\b`,
    'g',
  ),
  /\b(?:wir(?:e|es|ed|ing)|hook(?:s|ed)?|plug(?:s|ged)?)(?: up)?(?: the)? ⟦(?<callee>\d+)⟧ (?:up |in)?(?:into|to|through|up|onto)(?: the)? ⟦(?<caller>\d+)⟧/gi,
  /\b(?:wir(?:e|es|ed|ing)|hook(?:s|ed)?|plug(?:s|ged)?)(?: up)?(?: the)? ⟦(?<callee>\d+)⟧/gi,
  /⟦(?<callee>\d+)⟧ (?:is|are|gets?|now) (?:now |fully )?(?:wired|hooked|plugged|shipped)\b/gi,
  new RegExp(
    String.raw`${EVERY} (?:now )?(?:passe?s?(?: through)?|goe?s? through|calls?|uses?|runs?|asks?) ⟦(?<callee>\d+)⟧`,
    'gi',
  ),
  /⟦(?<callee>\d+)⟧ (?:now |also )?(?:guards?|protects?|covers|checks|wraps) (?:every|each|all)\b/gi,
  new RegExp(
    `${EVERY} (?:is |are )?(?:now )?(?:guarded|protected|checked|wrapped) by(?: the)? ⟦(?<callee>\\d+)⟧`,
    'gi',
  ),
  /\bcall(?:s|ed)? ⟦(?<callee>\d+)⟧ (?:on|from|in|for|before|after) (?:every|each|all|the)\b/gi,
];

/** What runs when the program is used; scripts that build or measure it are no part of that. */
const PATH_WORDS =
  /\b(?:request|route|call|operation|quer(?:y|ie)|upload|user|handler|endpoint|production)s?\b/i;

/** Claims that something built is called: wiring is what this loop distrusts first. */
export function wiringClaims({ sentences }: Passages): readonly DraftClaim[] {
  return sentences.flatMap((sentence) => {
    const mentions = mentionsIn(sentence);
    const skeleton = skeletonOf(sentence.text, mentions);
    const seen = new Set<Mention>();
    const claims = PATTERNS.flatMap((pattern) => [...skeleton.matchAll(pattern)]).flatMap(
      (match): DraftClaim[] => {
        const callee = mentions[Number(match.groups?.callee)];
        const caller = match.groups?.caller === undefined ? undefined : mentions[Number(match.groups.caller)];
        if (callee === undefined || callee.kind !== 'symbol' || seen.has(callee)) return [];
        if (isDenied(skeleton, match.index)) return [];
        seen.add(callee);
        const isOnPath = PATH_WORDS.test(sentence.text);
        const start = sentence.start + Math.min(callee.start, caller?.start ?? callee.start);
        const end = sentence.start + Math.max(callee.end, caller?.end ?? callee.end);
        return [
          {
            kind: 'wiring',
            start,
            end,
            judge: (change) => judgeCalled(change, callee.name, caller, isOnPath),
          },
        ];
      },
    );
    return [...claims, ...shippedClaims(sentence, mentions, seen)];
  });
}

/** A checked box of a phase list, and `shipped`, mean called where requests pass, not merely written. */
function shippedClaims(
  { block, start, text }: Sentence,
  mentions: readonly Mention[],
  seen: ReadonlySet<Mention>,
): readonly DraftClaim[] {
  const isShipped = block.checked === true || (block.kind === 'item' && /\b(?:shipped|wired)\b/i.test(text));
  if (!isShipped || /\b(?:partial|not|unwired|never)\b/i.test(text)) return [];
  return mentions
    .filter((mention) => mention.kind === 'symbol' && !seen.has(mention))
    .map((mention) => ({
      kind: 'wiring',
      start: start + mention.start,
      end: start + mention.end,
      judge: (change) => judgeCalled(change, mention.name, undefined, true),
    }));
}

function isDenied(skeleton: string, at: number): boolean {
  return /(?:\b(?:no|nothing|never|not|nobody|without|tests?|if|would|could|should|until|unless)|n't)\b[^.;,]*$/i.test(
    skeleton.slice(0, at),
  );
}

async function judgeCalled(
  change: Change,
  written: string,
  caller: Mention | undefined,
  isOnPath: boolean,
): Promise<Judgement> {
  const name = written.split('.').pop() ?? written;
  if (change.filesNaming(name).length === 0)
    return notBacked(`git grep: no file before or after the change holds ${name}`);
  const usage = await change.usage();
  const declared = usage.declarationsOf(name);
  const inProduction = declared.filter(({ role }) => role === 'production');
  if (declared.length === 0) return unknown(`no top level of TypeScript or JavaScript declares ${name}`);
  const [place] = inProduction.length > 0 ? inProduction : declared;
  const where = `${place?.path}:${place?.line}`;
  if (inProduction.length === 0)
    return notBacked(`${name} is declared at ${where} and nowhere outside the tests`);
  const byCaller = caller === undefined ? null : judgeCaller(change, usage, name, where, caller);
  if (byCaller !== null) return byCaller;
  if (inProduction.some(({ isUsed }) => isUsed))
    return backed(`${name} at ${where} is used by production code`);
  const others = usage.filesMentioning(name).filter((path) => !inProduction.some((one) => one.path === path));
  if (others.length > 0 && !isOnPath) return unknown(`${name} at ${where} is used by ${others[0]} alone`);
  // A member of the same name may be what is meant.
  if (usage.hasMember(name)) return unknown(`${name} at ${where} has no caller, but a member has that name`);
  return notBacked(`${name} is declared at ${where}, and no production code mentions it`);
}

/** Whether the file that is the caller, or declares it, mentions the callee; null where no such caller is declared. */
function judgeCaller(
  change: Change,
  usage: SymbolUsage,
  name: string,
  where: string,
  caller: Mention,
): Judgement | null {
  const mentioning = usage.filesMentioning(name);
  if (caller.kind === 'path') {
    const holding = change.filesNaming(name).filter((path) => `/${path}`.includes(`/${caller.name}`));
    // A source of production that only imports it does not call it; of others git grep is the one witness.
    const found = holding.find(
      (path) => mentioning.includes(path) || change.isTest(path) || !/\.[cm]?[jt]sx?$/.test(path),
    );
    if (found !== undefined) return backed(`${found} mentions ${name}, declared at ${where}`);
    return notBacked(`${caller.name} does not mention ${name}, declared at ${where}`);
  }
  const files = usage.declarationsOf(caller.name.split('.').pop() ?? caller.name).map(({ path }) => path);
  if (files.length === 0) return null;
  const found = files.find((path) => mentioning.includes(path));
  if (found !== undefined) return backed(`${found} mentions ${name}, declared at ${where}`);
  return notBacked(`${files.join(', ')} does not mention ${name}, declared at ${where}`);
}

import { type Demand, identityLabel, type ResolveScope } from '../../govern/scope/index.ts';
import type { BridgeParts } from './bridge-parts.ts';
import { mostInputTokens, worstCost } from './catalogue/cost.ts';
import type { Capability } from './catalogue/model-entry.ts';
import type { EstimatedRequest } from './catalogue/token-estimate.ts';
import type { ChatRequest, ContentPart } from './chat.ts';
import { NOTHING_UNREAD, type Unread } from './dialects/unread-content.ts';
import type { RoutePlan, Rung } from './routing/plan-route.ts';

/** A chat with the way it will take. */
export interface PlannedChat {
  readonly chat: ChatRequest;
  readonly unread: Unread;
  readonly plan: RoutePlan;
  readonly inputTokens: number;
  /** Counted within `inputTokens` as usual, and by each model as it does. */
  readonly images: number;
  /** A file is among what it says: no estimate bounds its tokens. */
  readonly mayFillWindow: boolean;
}

export interface ChatToPlan {
  readonly chat: ChatRequest;
  /** What a native body says beside it. */
  readonly unread?: Unread;
  /** As the client wrote it; `ladder/<name>` names a ladder of the routing table; null leaves it to the rules. */
  readonly model: string | null;
  readonly task: string;
  readonly tags: readonly string[];
  /** Tokens of context still to be retrieved. */
  readonly contextTokens: number;
}

const LADDER = 'ladder/';

/** Finds the rungs of a chat, under names and sizes alone; throws what the router refuses. */
export async function planChat(
  { router, estimator }: BridgeParts,
  scope: ResolveScope,
  asked: ChatToPlan,
): Promise<PlannedChat> {
  const { chat, model, unread = NOTHING_UNREAD } = asked;
  const sizes = sizesOf(chat, unread, identityLabel(scope.identity));
  const { most, likely } = await estimator.estimateInputTokens(sizes);
  const inputTokens = most + asked.contextTokens;
  const plan = router.plan({
    ...wishOf(model),
    task: asked.task,
    role: scope.identity.role,
    tags: asked.tags,
    inputTokens,
    likelyInputTokens: likely + asked.contextTokens,
    needs: needsOf(chat),
    maxOutputTokens: chat.maxOutputTokens,
  });
  return { chat, unread, plan, inputTokens, images: sizes.images, mayFillWindow: !unread.isBounded };
}

/** What a name asks for: `ladder/<name>` a ladder, any other a model. */
export function wishOf(name: string | null): {
  readonly model: string | null;
  readonly ladder: string | null;
} {
  if (name?.startsWith(LADDER) !== true) return { model: name, ladder: null };
  return { model: null, ladder: name.slice(LADDER.length) };
}

/** Every model the plan may call: the caller must be granted each of them. */
export function modelDemands(plan: RoutePlan): readonly [Demand, ...Demand[]] {
  const [first, ...rest] = plan.rungs.map((rung): Demand => ({ kind: 'model', model: fullName(rung) }));
  if (first === undefined) throw new Error('a plan without rungs');
  return [first, ...rest];
}

export function fullName(rung: Pick<Rung, 'provider' | 'model'>): string {
  return `${rung.provider}/${rung.model}`;
}

/** The same for a header, which takes no character beyond Latin-1: what is not visible ASCII as in a URL, `%` too. */
export function headerName(rung: Pick<Rung, 'provider' | 'model'>): string {
  return fullName(rung)
    .toWellFormed()
    .replace(/[^\x21-\x24\x26-\x7e]/gu, (sign) => encodeURIComponent(sign));
}

/** What the dearest rung could cost, in nano-dollars. */
export function dearestCost(planned: PlannedChat, choices = 1): number {
  const costs = planned.plan.rungs.map((rung) =>
    worstCost(rung.entry, mostInputTokens(planned, rung.entry), rung.maxOutputTokens * choices),
  );
  return Math.max(...costs);
}

/** All that a request says, for rules over prompts. */
export function promptText({ chat, unread }: Pick<PlannedChat, 'chat' | 'unread'>): string {
  const said = chat.messages.flatMap(({ parts }) => parts.flatMap(textsOf));
  const schemas = chat.format.kind === 'json_schema' ? [chat.format.schema] : [];
  const declared = [...chat.tools, ...schemas].map((one) => JSON.stringify(one));
  return [...said, ...declared, ...unread.texts].join('\n');
}

function textsOf(part: ContentPart): readonly string[] {
  if (part.kind === 'tool_call') return [part.argumentsJson];
  return 'text' in part ? [part.text] : [];
}

function needsOf(chat: ChatRequest): ReadonlySet<Capability> {
  const parts = chat.messages.flatMap((message) => message.parts);
  return new Set<Capability>([
    'chat',
    ...(chat.tools.length > 0 ? (['tools'] as const) : []),
    ...(parts.some(({ kind }) => kind === 'image') ? (['vision'] as const) : []),
    ...(chat.format.kind === 'json_schema' ? (['json_schema'] as const) : []),
  ]);
}

function sizesOf(chat: ChatRequest, unread: Unread, holder: string): EstimatedRequest {
  const parts = chat.messages.flatMap((message) => message.parts);
  return {
    holder,
    images: parts.filter(({ kind }) => kind === 'image').length + unread.images,
    aside: unread.texts.length === 0 ? [] : [unread.texts.join(' ')],
    tools: chat.tools.map((tool) => JSON.stringify(tool)),
    texts: [
      ...parts.flatMap((part) => {
        if (part.kind === 'tool_call') return [part.name, part.argumentsJson];
        return 'text' in part ? [part.text] : [];
      }),
      ...(chat.format.kind === 'json_schema' ? [JSON.stringify(chat.format.schema)] : []),
    ],
  };
}

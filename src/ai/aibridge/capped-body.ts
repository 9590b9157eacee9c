import { isJsonObject, type JsonObject } from '../../base/index.ts';
import { countOf } from './json-reading.ts';
import { notTranslatable } from './not-translatable.ts';

const LIMIT_MEMBERS = ['max_tokens', 'max_completion_tokens'];
/** Anthropic takes no smaller budget of thinking, and none that leaves nothing of the limit. */
const LEAST_BUDGET_TOKENS = 1_024;

/**
 * The client's own body, asking for no more tokens than the call is held for: a higher limit is lowered, and where it
 * sets none one is added, unless the model itself writes no more. Throws `models.not_translatable` where thinking with a
 * budget does not fit the lowered limit.
 */
export function cappedBody(
  body: JsonObject,
  { cap, writesAtMost }: { readonly cap: number; readonly writesAtMost: number },
): { readonly body: JsonObject; readonly addedLimit?: number } {
  const limits = LIMIT_MEMBERS.filter((name) => typeof body[name] === 'number');
  const lowered = limits.filter((name) => Number(body[name]) > cap).map((name) => [name, cap] as const);
  if (limits.length > 0) {
    return { body: { ...body, ...Object.fromEntries(lowered), ...cappedThinking(body, cap) } };
  }
  return cap < writesAtMost ? { body, addedLimit: cap } : { body };
}

/** A budget of thinking that fitted the client's limit and not the lowered one; what is left for the answer stays, if it can. */
function cappedThinking(body: JsonObject, cap: number): JsonObject {
  const { thinking, max_tokens: limit } = body;
  if (!isJsonObject(thinking) || thinking.type !== 'enabled' || typeof limit !== 'number') return {};
  const budget = countOf(thinking.budget_tokens);
  if (budget === null || budget < cap || budget >= limit) return {};
  if (cap <= LEAST_BUDGET_TOKENS) {
    const why = `the model may write ${cap} tokens here, and thinking alone takes ${LEAST_BUDGET_TOKENS} and leaves some`;
    throw notTranslatable([{ name: 'thinking.budget_tokens', why }]);
  }
  const left = Math.max(LEAST_BUDGET_TOKENS, cap - (limit - budget));
  return { thinking: { ...thinking, budget_tokens: left } };
}

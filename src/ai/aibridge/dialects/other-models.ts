import type { RequestNode } from './request-node.ts';

/** By service: OpenRouter’s, Anthropic’s own, and those of proxies that speak OpenAI’s protocol. */
const OTHER_MODELS = [
  'models',
  'preset',
  'fallbacks',
  'context_window_fallbacks',
  'content_policy_fallbacks',
] as const;

/**
 * Refuses members by which a service would take another model than the one that the caller is granted and a ceiling holds
 * for. Throws `models.bad_request`.
 */
export function refuseOtherModels(root: RequestNode): void {
  for (const name of OTHER_MODELS) {
    const member = root.member(name);
    const isEmpty = Array.isArray(member.value) && member.value.length === 0;
    if (!member.isAbsent && !isEmpty)
      member.fail('left out: models to fall back to are those of a ladder, `ladder/<name>`');
  }
}

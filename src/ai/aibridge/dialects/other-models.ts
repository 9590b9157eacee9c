import { isJsonObject } from '../../../base/index.ts';
import type { RequestNode } from './request-node.ts';

/** By service: OpenRouter’s, Anthropic’s own, those of proxies that speak OpenAI’s protocol, and Orq’s. */
const OTHER_MODELS = [
  'models',
  'preset',
  'fallbacks',
  'context_window_fallbacks',
  'content_policy_fallbacks',
  'load_balancer',
  'orq',
] as const;
/** What proxies take for the address, or the models behind it, that they send a request and its key to (K-10). */
const OTHER_SERVICES = ['api_base', 'base_url', 'user_config'] as const;

/**
 * Refuses members by which a service would take another model than the one that the caller is granted and a ceiling holds
 * for. Throws `models.bad_request`.
 */
export function refuseOtherModels(root: RequestNode): void {
  // Vercel's gateway has its members below, and proxies read what clients add below as if it stood beside.
  const gateway = below(root, 'providerOptions', 'gateway');
  for (const node of [root, ...below(root, 'extra_body'), ...gateway]) {
    refuse(node, OTHER_MODELS, 'left out: models to fall back to are those of a ladder, `ladder/<name>`');
    refuse(node, OTHER_SERVICES, 'left out: where a model is reached is set in lakehouse.toml');
  }
}

function refuse(node: RequestNode, names: readonly string[], why: string): void {
  for (const name of names) {
    const member = node.member(name);
    const isEmpty = Array.isArray(member.value) && member.value.length === 0;
    if (!member.isAbsent && !isEmpty) member.fail(why);
  }
}

/** The object at the end of a path of members; none where there is none. */
function below(root: RequestNode, ...path: readonly string[]): readonly RequestNode[] {
  let node = root;
  for (const name of path) {
    node = node.member(name);
    if (!isJsonObject(node.value)) return [];
  }
  return [node];
}

import { matchesPattern } from '../../../base/index.ts';
import type { RouteFacts } from './route-facts.ts';
import type { RoutingTable } from './routing-table.ts';

type Rule = RoutingTable['rules'][number];

/** Why a rule does not fit a request; null where it does. A request that names no model has the model "". */
export function mismatch({ when }: Rule, facts: RouteFacts): string | null {
  const { min_input_tokens: min = 0, max_input_tokens: max = Number.POSITIVE_INFINITY } = when;
  const texts = [
    { name: 'task', pattern: when.task, value: facts.task },
    { name: 'role', pattern: when.role, value: facts.role },
    { name: 'model', pattern: when.model, value: facts.model ?? '' },
  ];
  for (const { name, pattern, value } of texts) {
    if (pattern === undefined || matchesPattern(pattern, value)) continue;
    return `its ${name} is "${pattern}" and the request's is not`;
  }
  if (facts.inputTokens < min) return `it takes ${min} tokens of input or more`;
  if (facts.inputTokens > max) return `it takes ${max} tokens of input or fewer`;
  const unneeded = when.needs.find((need) => !facts.needs.has(need));
  if (unneeded !== undefined) return `it is for requests that need ${unneeded}`;
  const tag = when.tags.find((one) => !facts.tags.includes(one));
  return tag === undefined ? null : `it is for requests with the tag "${tag}"`;
}

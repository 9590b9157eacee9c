import { z } from 'zod';
import type { ServedModel } from '../served-models.ts';

/** A model in the members that OpenAI's clients read, those that Anthropic's read, and ours. */
export const shownModelSchema = z.strictObject({
  id: z.string().describe('The full name, `provider/model`.'),
  object: z.literal('model'),
  created: z.int(),
  owned_by: z.string(),
  type: z.literal('model'),
  display_name: z.string(),
  created_at: z.string().describe('The epoch: when a model was released is not known.'),
  context_window: z.int(),
  max_output_tokens: z.int(),
  billing: z.enum(['metered', 'flat', 'free']),
  capabilities: z.array(z.string()),
});
export type ShownModel = z.output<typeof shownModelSchema>;

export function shownModel({ fullName, provider, entry }: ServedModel): ShownModel {
  return {
    id: fullName,
    object: 'model',
    created: 0,
    owned_by: provider,
    type: 'model',
    display_name: fullName,
    created_at: '1970-01-01T00:00:00Z',
    context_window: entry.contextWindow,
    max_output_tokens: entry.maxOutputTokens,
    billing: entry.billing,
    capabilities: [...entry.capabilities].sort(),
  };
}

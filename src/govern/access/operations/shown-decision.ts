import { z } from 'zod';
import type { DatasetDecision, DatasetFacts } from '../../scope/index.ts';

/** A column as its reader sees it. */
export const shownColumn = z.strictObject({
  name: z.string().describe('The dotted path.'),
  type: z.string().describe('The stored type; a mask may answer another.'),
  tags: z.array(z.string()),
  masked: z.boolean(),
  method: z.string().nullable(),
  because: z.array(z.string()).describe('The rules that mask it.'),
});

/** The columns of a dataset under a decision, in schema order. */
export function shownColumns(facts: DatasetFacts, decision: DatasetDecision): z.output<typeof shownColumn>[] {
  return facts.columns.map((field) => {
    const mask = decision.masks.get(field.fieldId);
    return {
      name: field.path.join('.'),
      type: field.type,
      tags: [...field.tags],
      masked: mask !== undefined,
      method: mask?.method ?? null,
      because: [...(mask?.reasons ?? [])],
    };
  });
}

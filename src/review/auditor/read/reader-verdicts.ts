import { z } from 'zod';
import type { Judgement, Verdict } from '../claims/claim.ts';
import type { ShownDiff } from './shown-diff.ts';

const verdictSchema = z.strictObject({
  claim: z.int().min(1),
  verdict: z.enum(['backed', 'not_backed', 'unknown']),
  file: z.string().nullable(),
  line: z.int().nullable(),
  side: z.enum(['before', 'after']).nullable(),
  reason: z.string(),
});
type ReaderVerdict = z.output<typeof verdictSchema>;

const answerSchema = z.strictObject({ verdicts: z.array(verdictSchema) });

const MOST_REASON_CHARACTERS = 240;

export interface ReadAnswer {
  readonly model: string;
  readonly text: string;
  readonly diff: ShownDiff;
  /** A place in the material that speaks to its reader; null where none does. */
  readonly addressed: string | null;
}

/**
 * What an answer says of each of so many claims. Only a verdict that cites a line which was shown counts: what cannot be
 * parsed, is not cited, contradicts itself or rests on a part of the change is unknown, never backed.
 */
export function readerVerdicts(answer: ReadAnswer, claims: number): readonly Judgement[] {
  const verdicts = parsed(answer.text);
  return Array.from({ length: claims }, (_, index) => {
    if (verdicts === null)
      return inferred('unknown', answer, 'its answer is not the JSON that was asked for');
    const [first, ...others] = verdicts.filter(({ claim }) => claim === index + 1);
    if (first === undefined) return inferred('unknown', answer, 'it says nothing of this claim');
    if (others.length > 0) return inferred('unknown', answer, 'it gives more than one verdict');
    return judged(first, answer);
  });
}

function parsed(text: string): readonly ReaderVerdict[] | null {
  try {
    const checked = answerSchema.safeParse(JSON.parse(text));
    return checked.success ? checked.data.verdicts : null;
  } catch {
    return null;
  }
}

function judged({ verdict, file, line, side, reason }: ReaderVerdict, answer: ReadAnswer): Judgement {
  const { addressed, diff } = answer;
  const said =
    reason.length > MOST_REASON_CHARACTERS ? `${reason.slice(0, MOST_REASON_CHARACTERS)}…` : reason;
  if (verdict === 'unknown') return inferred('unknown', answer, said);
  if (file === null || line === null || side === null) return inferred('unknown', answer, 'it cites no line');
  if (!diff.has(side, file, line))
    return inferred('unknown', answer, 'it cites a line that it was not shown');
  if (verdict === 'backed' && addressed !== null)
    return inferred(
      'unknown',
      answer,
      `${addressed} speaks to the reader, so that a good word proves nothing`,
    );
  if (verdict === 'not_backed' && !diff.isWhole)
    return inferred(
      'unknown',
      answer,
      'it was shown a part of the change, and contradicts the claim by that',
    );
  const place = side === 'before' ? `${file}:${line} before` : `${file}:${line}`;
  return inferred(verdict, answer, `${place} — ${said}`);
}

function inferred(verdict: Verdict, { model }: ReadAnswer, evidence: string): Judgement {
  return { verifier: 'inference', verdict, evidence: `read by ${model}: ${evidence}` };
}

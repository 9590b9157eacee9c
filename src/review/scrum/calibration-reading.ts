import type { Clock } from '../../base/index.ts';
import { LakeError } from '../../base/index.ts';
import type { Invocation } from '../../govern/scope/index.ts';
import type { AttemptRow } from '../knowledge/index.ts';
import { blindQuestion } from './blind-question.ts';
import type { CaseInput, READING_OUTCOMES } from './calibration-schema.ts';
import { scrumErrors } from './errors.ts';
import type { BlindAnswer } from './model-answer/answer-schema.ts';
import { askOnce } from './review-passes.ts';
import type { ReviewPrompt } from './review-prompts.ts';

interface ReadingParts {
  readonly nested: Invocation<unknown>['nested'];
  readonly clock: Clock;
  readonly random: (sizeBytes: number) => Uint8Array;
  readonly prompt: ReviewPrompt;
}

/**
 * Has every model of the ladder read a case once, by the blind pass of reviews: no model sees that it is one. An
 * acceptable answer to a planted defect is a row of pass `calibration`, and so is a false alarm over a control; every
 * other answer is an attempt of the blind pass. Throws `scrum.planted_nowhere` and what a ceiling refuses.
 */
export async function readCase(
  parts: ReadingParts,
  input: CaseInput,
  calibrationId: string,
): Promise<readonly AttemptRow[]> {
  const { shown, rungs, message, parse } = await blindQuestion(parts, input, input.ladder);
  const isThere = ({ first_line: first, last_line: last }: CaseInput['changed'][number]) =>
    first <= last && shown.hasLine(first) && shown.hasLine(last);
  if (!input.changed.every(isThere)) {
    throw new LakeError(scrumErrors.planted_nowhere, {
      detail: 'Lines that `changed` names are not in the file. Name them as they are in its chunks.',
    });
  }
  const rows: AttemptRow[] = [];
  for (const rung of rungs) {
    const said = await askOnce({ ...parts, message }, rung, { pass: 'blind', replicate: 0, parse });
    const judged = said.accepted === null ? null : judgedAs(input, said.accepted.answer);
    const { repository, path } = input;
    const row = { iteration_id: calibrationId, repository, path, ...said.attempt };
    rows.push(judged === null ? row : { ...row, pass: 'calibration', outcome: judged });
  }
  return rows;
}

/** What a row says of its reading. */
export function readingOutcome({ pass, outcome }: AttemptRow): (typeof READING_OUTCOMES)[number] {
  return pass !== 'calibration' && outcome === 'accepted' ? 'cleared' : outcome;
}

/** Null of a control that was not accused: nothing was there to be caught. */
function judgedAs(
  { planted, changed }: CaseInput,
  answer: BlindAnswer,
): 'caught' | 'missed' | 'false_alarm' | null {
  const { critical_failures: failures, missing_components: missing } = answer;
  const citesChange = ({ line }: { readonly line?: number | null | undefined }) =>
    typeof line === 'number' &&
    changed.some(({ first_line, last_line }) => line >= first_line && line <= last_line);
  if (planted === null) return failures.some(citesChange) ? 'false_alarm' : null;
  const isCaught = [...failures, ...missing].some(
    (one) => citesChange(one) || namesSymbol(planted.symbol, one.symbol ?? ''),
  );
  return isCaught ? 'caught' : 'missed';
}

/** By the path of names, or by its last: models leave the path out. */
function namesSymbol(planted: string, cited: string): boolean {
  return cited !== '' && (planted === cited || planted.endsWith(`.${cited}`));
}

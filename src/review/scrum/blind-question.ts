import type { Invocation } from '../../govern/scope/index.ts';
import { framedMessage } from './framed-message.ts';
import type { BlindAnswer } from './model-answer/answer-schema.ts';
import { type ParsedAnswer, parseBlindAnswer } from './model-answer/parse-answer.ts';
import { type LadderRung, ladderRungs } from './model-ladder.ts';
import type { PackedInput } from './packed-input.ts';
import type { ReviewPrompt } from './review-prompts.ts';
import { blindFile, type ShownFile } from './reviewed-text/shown-file.ts';

/** What the blind pass asks of a file, whom, and how an answer is read: the same for a review and for a calibration. */
export interface BlindQuestion {
  readonly shown: ShownFile;
  readonly rungs: readonly [LadderRung, ...LadderRung[]];
  readonly message: { readonly system: string; readonly user: string };
  parse(text: string): ParsedAnswer<BlindAnswer>;
}

/** Throws `scrum.no_models`. */
export async function blindQuestion(
  parts: {
    readonly nested: Invocation<unknown>['nested'];
    readonly random: (sizeBytes: number) => Uint8Array;
    readonly prompt: ReviewPrompt;
  },
  input: PackedInput,
  ladder: string,
): Promise<BlindQuestion> {
  const shown = await blindFile(input);
  const user = framedMessage(
    [{ name: 'file', text: shown.text }, ...shown.neighbours.map((text) => ({ name: 'neighbour', text }))],
    parts.random,
  );
  const { blind: system } = parts.prompt;
  const rungs = await ladderRungs(parts.nested, ladder, user.length + system.length);
  return {
    shown,
    rungs,
    message: { system, user },
    parse: (text) => parseBlindAnswer(text, shown.hasLine),
  };
}

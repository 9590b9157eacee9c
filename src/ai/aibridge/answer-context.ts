import { type JsonObject, type JsonValue, jsonSafe, matchesPattern } from '../../base/index.ts';

/** Finds personal data in free text; the detector of the catalog, handed in by main. */
export interface PersonalDataFinder {
  /** Tags of the kinds that the text surely holds. */
  kindsIn(text: string): readonly string[];
  /**
   * Where the end of the text begins that may, with more text, turn out to be of a kind; `begun`: only what is much of a value
   * already.
   */
  openFrom(text: string, which: 'open' | 'begun'): number;
}

/** What truth rules see of an answer: the members of the context after a chat. */
export interface AnswerFacts {
  /** The text of the answer; null of a piece, whose text is all that is said in it. */
  readonly text: string | null;
  /** All that is said: text, thinking, names and arguments of tool calls; of a piece, with what stands around it. */
  readonly said: string;
  readonly finish: string | null;
  readonly provider: string;
  readonly model: string;
  readonly task: string;
  /** Null while the answer is still coming. */
  readonly costNanoUsd: number | null;
  readonly outputTokens: number | null;
}

/**
 * The context of rules after a chat: `answer.text`, `answer.said` (all of it: text, thinking, names and arguments of tool
 * calls, with what escapes in them stand for; the same as `answer.text` of a piece), `answer.json` (what the text is as
 * JSON, null where it is none), `answer.is_empty`, `finish`, `provider`, `model`, `task`, `cost_usd`, `output_tokens`,
 * `personal.kinds` and `personal.leaked_kinds` (of those, the ones the caller sees masked in data) with
 * `personal.leaked_count`.
 */
export function answerContext(
  facts: AnswerFacts,
  judged: { readonly personalData: PersonalDataFinder; readonly maskedTags: readonly string[] },
): JsonObject {
  const said = asRead(facts.said);
  const text = facts.text ?? said;
  const kinds = judged.personalData.kindsIn(said);
  const leaked = kinds.filter((kind) => judged.maskedTags.some((tag) => matchesPattern(tag, kind)));
  return {
    answer: {
      text,
      said,
      json: jsonOf(facts.text ?? facts.said),
      is_empty: text.trim() === '',
    },
    finish: facts.finish,
    provider: facts.provider,
    model: facts.model,
    task: facts.task,
    cost_usd: facts.costNanoUsd === null ? null : facts.costNanoUsd / 1e9,
    output_tokens: facts.outputTokens,
    personal: { kinds: [...kinds], leaked_kinds: leaked, leaked_count: leaked.length },
  };
}

/**
 * Where the end of a text begins that more text may make part of what rules over pieces look for. Rules that read the answer's
 * own text may look for anything; others see of it only the personal data that was found.
 */
export function openTextOf(fieldsOfPieces: readonly string[], personalData: PersonalDataFinder): OpenFrom {
  const readsText = fieldsOfPieces.some((field) => field.split('.', 1)[0] === 'answer');
  return (text, which) => (readsText && which === 'open' ? 0 : personalData.openFrom(text, which));
}

/** Finds what at the end of a text waits; `begun` asks for a text that others have talked over for long. */
export type OpenFrom = (text: string, which: 'open' | 'begun') => number;

const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|([\\/"])|[bfnrt])/g;

/** A value may be JSON within JSON within JSON; whoever nests deeper hides, and can hide in other ways. */
const MOST_READINGS = 3;

/** A text and what programs make of its escapes that read it as JSON, and the values in it again. */
function asRead(said: string): string {
  const readings = [said];
  for (let text = said; text.includes('\\') && readings.length <= MOST_READINGS; ) {
    const read = text.replace(ESCAPE, (_, code?: string, sign?: string) =>
      code === undefined ? (sign ?? '\n') : String.fromCharCode(Number.parseInt(code, 16)),
    );
    if (read === text) break;
    readings.push(read);
    text = read;
  }
  return readings.join('\n');
}

const FENCED = /^\s*```(?:json)?\s*\n([\s\S]*?)\n?```\s*$/;

/** What a text is as JSON, alone or in one fence; null where it is none. */
export function jsonOf(text: string): JsonValue {
  const body = FENCED.exec(text)?.[1] ?? text;
  if (!/^\s*[[{]/.test(body)) return null;
  try {
    return jsonSafe(JSON.parse(body));
  } catch {
    return null;
  }
}

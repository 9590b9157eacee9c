import type { z } from 'zod';
import { isJsonObject } from '../../../base/index.ts';
import {
  type BlindAnswer,
  blindAnswerSchema,
  type DirectedAnswer,
  directedAnswerSchema,
} from './answer-schema.ts';
import { markdownAnswer } from './markdown-answer.ts';

/** Part of the bar: rows of answers that were read otherwise are not compared. Raised with every change of meaning. */
export const PARSER_VERSION = '1';

type OutputFormat = 'json' | 'fenced_json' | 'markdown';

/** What became of an answer. Only `accepted` makes a row; nothing else is ever read as clean. */
export type ParsedAnswer<T> =
  | { readonly outcome: 'accepted'; readonly format: OutputFormat; readonly answer: T }
  | { readonly outcome: 'unparsable' | 'refused'; readonly format: null }
  | { readonly outcome: 'incomplete' | 'bad_citation'; readonly format: OutputFormat };

/** Longer answers are none: a review of one file is some pages. */
const MAX_CHARACTERS = 400_000;

/** Reads an answer of the blind pass. `hasLine` tells which lines stand in the file. */
export function parseBlindAnswer(
  text: string,
  hasLine: (line: number) => boolean,
): ParsedAnswer<BlindAnswer> {
  return parseAnswer(text, blindAnswerSchema, (answer) => {
    const {
      critical_failures: failures,
      verified_components: verified,
      missing_components: missing,
    } = answer;
    const cited = [...failures, ...verified, ...missing].flatMap(({ line }) => line ?? []);
    return failures.length + verified.length > 0 && cited.every(hasLine);
  });
}

/** Reads an answer of the directed pass; a suggestion cites the finding it closes. */
export function parseDirectedAnswer(
  text: string,
  isFinding: (id: string) => boolean,
): ParsedAnswer<DirectedAnswer> {
  return parseAnswer(text, directedAnswerSchema, ({ suggestions }) =>
    suggestions.every(({ finding_id: id }) => isFinding(id)),
  );
}

function parseAnswer<T>(
  text: string,
  schema: z.ZodType<T>,
  citesWell: (answer: T) => boolean,
): ParsedAnswer<T> {
  const found = text.length > MAX_CHARACTERS ? null : structureOf(withoutThinking(text).trim());
  if (found === null) return { outcome: isRefusal(text) ? 'refused' : 'unparsable', format: null };
  const { format, value } = found;
  const parsed = schema.safeParse(value);
  if (!parsed.success) return { outcome: 'incomplete', format };
  if (!citesWell(parsed.data)) return { outcome: 'bad_citation', format };
  return { outcome: 'accepted', format, answer: parsed.data };
}

/**
 * JSON that is the whole text, or a fence that ends it, or Markdown up to its last line: a text that was cut at any
 * place is none of them.
 */
function structureOf(text: string): { readonly format: OutputFormat; readonly value: unknown } | null {
  const whole = objectOf(text);
  if (whole !== null) return { format: 'json', value: whole };
  const fenced = /(?:^|\n)```(?:json|JSON)?[ \t]*\n((?:(?!\n```)[\s\S])*)\n```$/.exec(text)?.[1];
  const inside = fenced === undefined ? null : objectOf(fenced);
  if (inside !== null) return { format: 'fenced_json', value: inside };
  const markdown = markdownAnswer(text);
  return markdown === null ? null : { format: 'markdown', value: markdown };
}

function objectOf(text: string): unknown {
  if (!text.startsWith('{') && !text.trimStart().startsWith('{')) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** Models that think aloud do so before they answer. */
function withoutThinking(text: string): string {
  return text.replace(/^\s*<think(?:ing)?>[\s\S]*?<\/think(?:ing)?>/i, '');
}

function isRefusal(text: string): boolean {
  return /^\W*(?:i['’]?m (?:sorry|unable|not able)|i (?:can(?:no|['’])t|can not|am unable|won['’]?t|must decline)|sorry,|as an ai\b|unfortunately,? i)/i.test(
    text.slice(0, 200),
  );
}

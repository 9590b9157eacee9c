import { isJsonObject, type JsonObject } from '../../../../base/index.ts';
import type { ChatDelta } from '../../chat.ts';
import { countOf, objectOf, objectsOf, parseJson, stringOf } from '../../json-reading.ts';
import { answerFailure, isErrorBody } from '../../transport/status-failure.ts';
import type { ChatReader, Reading } from '../../transport/stream-events.ts';
import type { WireEvent } from '../../transport/wire-event.ts';
import { otherTextOfChoice, otherTextOfCompletion } from './other-text.ts';
import {
  readOpenAiArguments,
  readOpenAiFinish,
  readOpenAiReasoning,
  readOpenAiText,
  readOpenAiUsage,
} from './read-answer.ts';

/**
 * Reads the chunks of one streamed chat completion. The stream has ended properly once `[DONE]` has come or every choice
 * has given its `finish_reason`: some services send no terminator, and a cut stream has neither.
 */
export class OpenAiChatReader implements ChatReader {
  readonly #stripsUsage: boolean;
  #hasStarted = false;
  #isDone = false;
  /** Choices that have said something, and whether they have said why they stopped. */
  readonly #choices = new Map<number, { isFinished: boolean }>();

  /** `stripsUsage`: the client did not ask for the last chunk, which holds the usage and no choice. */
  constructor({ stripsUsage }: { readonly stripsUsage: boolean }) {
    this.#stripsUsage = stripsUsage;
  }

  read({ data }: WireEvent): Reading {
    if (data === null) return { deltas: [], isOurs: false, isLast: false };
    if (data.trim() === '[DONE]') {
      this.#isDone = true;
      return { deltas: this.#unfinished(), isOurs: false, isLast: true };
    }
    const chunk = parseJson(data);
    if (!isJsonObject(chunk))
      throw answerFailure('The provider’s stream holds an event that is not a JSON object.');
    if (isErrorBody(chunk)) throw answerFailure('The provider’s stream holds an error.');
    const deltas = this.#deltasOf(chunk);
    const isUsageOnly = deltas.some(({ kind }) => kind === 'usage') && objectsOf(chunk.choices).length === 0;
    return { deltas, isOurs: this.#stripsUsage && isUsageOnly, isLast: false };
  }

  isFinished(): boolean {
    return this.#isDone || (this.#choices.size > 0 && this.#unfinished().length === 0);
  }

  #deltasOf(chunk: JsonObject): readonly ChatDelta[] {
    const deltas: ChatDelta[] = [];
    if (!this.#hasStarted) {
      this.#hasStarted = true;
      deltas.push({ kind: 'start', id: stringOf(chunk.id) ?? '', model: stringOf(chunk.model) ?? '' });
    }
    for (const [at, choice] of objectsOf(chunk.choices).entries()) {
      deltas.push(...this.#deltasOfChoice(countOf(choice.index) ?? at, choice));
    }
    const beside = otherTextOfCompletion(chunk);
    if (beside !== '') deltas.push({ kind: 'other', choice: 0, text: beside });
    const usage = readOpenAiUsage(chunk.usage) ?? readOpenAiUsage(objectOf(chunk.x_groq).usage);
    if (usage !== null) deltas.push({ kind: 'usage', usage });
    return deltas;
  }

  #deltasOfChoice(choice: number, value: JsonObject): readonly ChatDelta[] {
    const delta = objectOf(value.delta);
    const deltas: ChatDelta[] = [];
    const reasoning = readOpenAiReasoning(delta);
    if (reasoning !== '') deltas.push({ kind: 'reasoning', choice, text: reasoning, signature: null });
    const text = readOpenAiText(delta);
    if (text !== '') deltas.push({ kind: 'text', choice, text });
    const other = otherTextOfChoice(value, 'delta');
    if (other !== '') deltas.push({ kind: 'other', choice, text: other });
    for (const [at, call] of objectsOf(delta.tool_calls).entries()) {
      if (!isJsonObject(call.function)) continue;
      const { name, arguments: json } = call.function;
      deltas.push({
        kind: 'tool_call',
        choice,
        index: countOf(call.index) ?? at,
        id: stringOf(call.id),
        name: stringOf(name),
        argumentsJson: readOpenAiArguments(json),
      });
    }
    const reason = readOpenAiFinish(value.finish_reason);
    if (reason !== null) deltas.push({ kind: 'finish', choice, reason });
    const state = this.#choices.get(choice) ?? { isFinished: false };
    state.isFinished ||= reason !== null;
    this.#choices.set(choice, state);
    return deltas;
  }

  /** A choice that ends with the stream and gave no reason was cut. */
  #unfinished(): readonly ChatDelta[] {
    return [...this.#choices]
      .filter(([, { isFinished }]) => !isFinished)
      .map(([choice]) => ({ kind: 'finish', choice, reason: 'cut' }));
  }
}

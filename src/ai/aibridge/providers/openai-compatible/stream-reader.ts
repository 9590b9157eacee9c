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

interface Choice {
  /** Whether it has said why it stopped. */
  isFinished: boolean;
  /** The id of each call; null where none was given yet. */
  readonly calls: (string | null)[];
  /** Which call an index of the service stands for; some give every call the same one. */
  readonly called: Map<number, number>;
}

/**
 * Reads the chunks of one streamed chat completion. The stream has ended properly once `[DONE]` has come or every choice
 * has given its `finish_reason`: some services send no terminator, and a cut stream has neither.
 */
export class OpenAiChatReader implements ChatReader {
  readonly #stripsUsage: boolean;
  #hasStarted = false;
  #isDone = false;
  /** Choices that have said something. */
  readonly #choices = new Map<number, Choice>();

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
    const state = this.#choices.get(choice) ?? { isFinished: false, calls: [], called: new Map() };
    this.#choices.set(choice, state);
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
      const id = stringOf(call.id) || null;
      deltas.push({
        kind: 'tool_call',
        choice,
        index: callOf(state, countOf(call.index) ?? at, id),
        id,
        name: stringOf(name) || null,
        argumentsJson: readOpenAiArguments(json),
      });
    }
    const reason = readOpenAiFinish(value.finish_reason, state.calls.length > 0);
    if (reason !== null) deltas.push({ kind: 'finish', choice, reason });
    state.isFinished ||= reason !== null;
    return deltas;
  }

  /** A choice that ends with the stream and gave no reason was cut. */
  #unfinished(): readonly ChatDelta[] {
    return [...this.#choices]
      .filter(([, { isFinished }]) => !isFinished)
      .map(([choice]) => ({ kind: 'finish', choice, reason: 'cut' }));
  }
}

/** The call of an answer that a delta belongs to. Another id under an index in use begins another call. */
function callOf(choice: Choice, index: number, id: string | null): number {
  const known = choice.called.get(index);
  if (known !== undefined && (id === null || choice.calls[known] === null || choice.calls[known] === id)) {
    choice.calls[known] ??= id;
    return known;
  }
  choice.called.set(index, choice.calls.length);
  return choice.calls.push(id) - 1;
}

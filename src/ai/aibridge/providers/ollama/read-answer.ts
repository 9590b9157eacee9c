import { isJsonObject, type JsonObject, type JsonValue } from '../../../../base/index.ts';
import type { ChatAnswer, ChatDelta, ContentPart, FinishReason, TokenUsage } from '../../chat.ts';
import { countOf, objectOf, objectsOf, parseJson, stringOf, textsIn } from '../../json-reading.ts';
import { answerFailure } from '../../transport/status-failure.ts';
import type { ChatReader, Reading } from '../../transport/stream-events.ts';
import type { WireEvent } from '../../transport/wire-event.ts';

const READ_MEMBERS = new Set(['role', 'content', 'thinking', 'tool_calls']);

/** The one answer of a chat; null where the body is none. */
export function readOllamaAnswers(body: JsonValue): readonly ChatAnswer[] | null {
  const answer = objectOf(body);
  if (!isJsonObject(answer.message)) return null;
  const { message } = answer;
  const thinking = stringOf(message.thinking) ?? '';
  const text = stringOf(message.content) ?? '';
  const otherText = otherTextOf(message);
  const calls = objectsOf(message.tool_calls).map(
    (call, index): ContentPart => ({ kind: 'tool_call', ...readCall(call, answer, index) }),
  );
  return [
    {
      id: '',
      model: stringOf(answer.model) ?? '',
      parts: [
        ...(thinking === '' ? [] : [{ kind: 'reasoning', text: thinking, signature: null } as const]),
        ...(text === '' ? [] : [{ kind: 'text', text } as const]),
        ...calls,
      ],
      finish: finishOf(answer, calls.length > 0) ?? 'cut',
      usage: usageOf(answer),
      ...(otherText === '' ? {} : { otherText }),
    },
  ];
}

/** Reads the lines of one streamed chat; the line with `done` is the last. */
export class OllamaChatReader implements ChatReader {
  #hasStarted = false;
  #isDone = false;
  #calls = 0;

  read({ data }: WireEvent): Reading {
    if (data === null) return { deltas: [], isOurs: false, isLast: false };
    const line = parseJson(data);
    if (!isJsonObject(line))
      throw answerFailure('The provider’s stream holds a line that is not a JSON object.');
    if (line.error !== undefined) throw answerFailure('The provider’s stream holds an error.');
    const deltas: ChatDelta[] = [];
    if (!this.#hasStarted) {
      this.#hasStarted = true;
      deltas.push({ kind: 'start', id: '', model: stringOf(line.model) ?? '' });
    }
    deltas.push(...this.#said(line));
    if (line.done === true) deltas.push(...this.#ended(line));
    return { deltas, isOurs: false, isLast: this.#isDone };
  }

  isFinished(): boolean {
    return this.#isDone;
  }

  #said(line: JsonObject): readonly ChatDelta[] {
    const message = objectOf(line.message);
    const deltas: ChatDelta[] = [];
    const thinking = stringOf(message.thinking) ?? '';
    if (thinking !== '') deltas.push({ kind: 'reasoning', choice: 0, text: thinking, signature: null });
    const text = stringOf(message.content) ?? '';
    if (text !== '') deltas.push({ kind: 'text', choice: 0, text });
    const other = otherTextOf(message);
    if (other !== '') deltas.push({ kind: 'other', choice: 0, text: other });
    for (const call of objectsOf(message.tool_calls)) {
      const index = this.#calls++;
      deltas.push({ kind: 'tool_call', choice: 0, index, ...readCall(call, line, index) });
    }
    return deltas;
  }

  #ended(line: JsonObject): readonly ChatDelta[] {
    this.#isDone = true;
    const usage = usageOf(line);
    const reason = finishOf(line, this.#calls > 0) ?? 'cut';
    return [
      { kind: 'finish', choice: 0, reason },
      ...(usage === null ? [] : [{ kind: 'usage', usage } as const]),
    ];
  }
}

function otherTextOf(message: JsonObject): string {
  const others = Object.entries(message).filter(([name]) => !READ_MEMBERS.has(name));
  return textsIn(others.map(([, value]) => value)).join('\n');
}

/** Older services give calls no id; one is made of the time of the answer, so that it differs from turn to turn. */
function readCall(call: JsonObject, answer: JsonObject, index: number) {
  const { name, arguments: value } = objectOf(call.function);
  const moment = (stringOf(answer.created_at) ?? '').replace(/\D/g, '');
  return {
    id: stringOf(call.id) ?? `call_${moment}_${index}`,
    name: stringOf(name) ?? '',
    argumentsJson: JSON.stringify(value ?? {}),
  };
}

/** Ollama says `stop` also where the model stopped to call tools. Null where it says nothing. */
function finishOf(answer: JsonObject, calledTools: boolean): FinishReason | null {
  const reason = stringOf(answer.done_reason);
  if (answer.done !== true || reason === null) return null;
  if (reason === 'length') return 'length';
  return calledTools ? 'tool_calls' : 'stop';
}

/** A count of zero is left out of the answer; an answer with neither count reported nothing. */
function usageOf(answer: JsonObject): TokenUsage | null {
  const [input, output] = [countOf(answer.prompt_eval_count), countOf(answer.eval_count)];
  if (input === null && output === null) return null;
  return { input: input ?? 0, cachedInput: 0, cacheWriteInput: 0, output: output ?? 0, reasoning: 0 };
}

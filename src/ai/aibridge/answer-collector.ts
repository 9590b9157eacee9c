import type { ChatAnswer, ChatDelta, ContentPart, FinishReason, TokenUsage } from './chat.ts';

/** What an answer has said so far, gathered from its deltas or from a whole answer. */
export interface AnswerCollector {
  add(delta: ChatDelta): void;
  addWhole(answer: ChatAnswer): void;
  /** All text of all choices so far. */
  text(): string;
  /** Everything a person or a program could read: text, thinking, tool calls by name and arguments. */
  said(): string;
  /** The answer of the first choice as it stands. */
  answer(): ChatAnswer;
  finish(): FinishReason | null;
  usage(): TokenUsage | null;
  /** Whether the count came after all that was said: services begin a stream with one that is not the last. */
  countsAll(): boolean;
}

interface Choice {
  text: string;
  /** What the answer's bytes say besides: results of the service's own tools, citations. */
  other: string;
  reasoning: string;
  signature: string | null;
  readonly calls: Map<number, { id: string; name: string; argumentsJson: string }>;
  finish: FinishReason | null;
}

export function createAnswerCollector(): AnswerCollector {
  const choices = new Map<number, Choice>();
  let id = '';
  let model = '';
  let usage: TokenUsage | null = null;
  let countsAll = false;

  function choiceOf(index: number): Choice {
    const known = choices.get(index);
    if (known !== undefined) return known;
    const made: Choice = {
      text: '',
      other: '',
      reasoning: '',
      signature: null,
      calls: new Map(),
      finish: null,
    };
    choices.set(index, made);
    return made;
  }

  function add(delta: ChatDelta): void {
    if (delta.kind === 'usage') countsAll = true;
    else if (delta.kind !== 'start' && delta.kind !== 'finish') countsAll = false;
    switch (delta.kind) {
      case 'start':
        id = delta.id;
        model = delta.model;
        return;
      case 'usage':
        usage = delta.usage;
        return;
      case 'text':
        choiceOf(delta.choice).text += delta.text;
        return;
      case 'other':
        choiceOf(delta.choice).other += delta.text;
        return;
      case 'reasoning': {
        const choice = choiceOf(delta.choice);
        choice.reasoning += delta.text;
        choice.signature = delta.signature ?? choice.signature;
        return;
      }
      case 'finish':
        choiceOf(delta.choice).finish = delta.reason;
        return;
      case 'tool_call': {
        const { calls } = choiceOf(delta.choice);
        const call = calls.get(delta.index) ?? { id: '', name: '', argumentsJson: '' };
        calls.set(delta.index, {
          id: delta.id ?? call.id,
          name: delta.name ?? call.name,
          argumentsJson: call.argumentsJson + delta.argumentsJson,
        });
      }
    }
  }

  return {
    add,
    addWhole(answer) {
      for (const delta of answerDeltas(answer, choices.size)) add(delta);
    },
    text: () => [...choices.values()].map(({ text }) => text).join('\n'),
    said: () =>
      [...choices.values()]
        .flatMap(({ text, other, reasoning, calls }) => [
          text,
          other,
          reasoning,
          ...[...calls.values()].flatMap(({ name, argumentsJson }) => [name, argumentsJson]),
        ])
        .join('\n'),
    answer: () => ({ id, model, parts: partsOf(choiceOf(0)), finish: choiceOf(0).finish ?? 'cut', usage }),
    finish: () => choices.get(0)?.finish ?? null,
    usage: () => usage,
    countsAll: () => countsAll,
  };
}

/** A whole answer of one choice as a stream says it. */
export function answerDeltas(answer: ChatAnswer, choice: number): readonly ChatDelta[] {
  const { id, model, parts, otherText, finish, usage } = answer;
  const calls = parts.filter(({ kind }) => kind === 'tool_call');
  return [
    { kind: 'start', id, model },
    ...parts.flatMap((part) => partDeltas(part, choice, calls.indexOf(part))),
    ...(otherText === undefined ? [] : [{ kind: 'other', choice, text: otherText } as const]),
    { kind: 'finish', choice, reason: finish },
    ...(usage === null ? [] : [{ kind: 'usage', usage } as const]),
  ];
}

function partDeltas(part: ContentPart, choice: number, index: number): readonly ChatDelta[] {
  if (part.kind === 'text') return [{ kind: 'text', choice, text: part.text }];
  if (part.kind === 'reasoning') {
    return [{ kind: 'reasoning', choice, text: part.text, signature: part.signature }];
  }
  if (part.kind !== 'tool_call') return [];
  const { id, name, argumentsJson } = part;
  return [{ kind: 'tool_call', choice, index, id, name, argumentsJson }];
}

function partsOf(choice: Choice): readonly ContentPart[] {
  const { reasoning, signature, text, calls } = choice;
  return [
    ...(reasoning === '' ? [] : [{ kind: 'reasoning', text: reasoning, signature } as const]),
    ...(text === '' ? [] : [{ kind: 'text', text } as const]),
    ...[...calls.values()].map((call) => ({ kind: 'tool_call', ...call }) as const),
  ];
}

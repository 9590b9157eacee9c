import type { JsonObject } from '../../base/index.ts';
import type { JudgedChunk, ReadInvocation } from '../../govern/scope/index.ts';
import type { AnswerCollector } from './answer-collector.ts';
import type { ChatDelta } from './chat.ts';
import type { StreamEvent } from './provider.ts';

/**
 * Characters that stand between a piece and the end of what is known before the piece may leave: a rule over pieces sees
 * any match up to this length whole, wherever chunks divide it (K-17).
 */
export const HOLDBACK_CHARACTERS = 128;

export interface JudgedAnswerParts {
  readonly events: AsyncIterable<StreamEvent>;
  readonly extent: ReadInvocation<unknown>['extentAfter'];
  readonly collector: AnswerCollector;
  /** The bytes of one event for the client. */
  write(event: StreamEvent): Uint8Array;
  /** What ends the answer for the client. */
  end(): Uint8Array;
  /** The context of a piece: the text around it. */
  pieceContext(said: string): JsonObject;
  /** The context of the whole, once the provider has ended. */
  wholeContext(): JsonObject;
}

/**
 * A provider's stream as chunks for the door. From the event that says why the model stopped everything is held back, so
 * that the client learns of the end only when truth has judged the whole and the record is closed.
 */
export async function* judgedAnswer(parts: JudgedAnswerParts): AsyncGenerator<JudgedChunk> {
  const { collector, extent } = parts;
  const last: Uint8Array[] = [];
  const heldBack = createHeldBack();
  let ending = false;
  for await (const event of parts.events) {
    for (const delta of event.deltas) {
      collector.add(delta);
      if (delta.kind === 'finish') ending = true;
    }
    const bytes = parts.write(event);
    if (ending) last.push(bytes);
    else if (extent === 'piece') {
      const ready = heldBack.push(bytes, event.deltas);
      if (ready !== null) {
        yield { bytes: ready.bytes, judge: { context: parts.pieceContext(ready.said), final: false } };
      }
    } else if (bytes.length > 0) yield { bytes, judge: null };
  }
  const rest = [heldBack.rest(), ...last, parts.end()];
  yield { bytes: Buffer.concat(rest), judge: { context: parts.wholeContext(), final: true } };
}

/** One run of text that a reader puts together: the text of a choice, its thinking, the arguments of one call. */
interface Thread {
  readonly choice: Choice;
  /** Without what no piece that waits can reach back to. */
  text: string;
  /** Characters that were cut off the front. */
  dropped: number;
}

interface Choice {
  readonly threads: Map<string, Thread>;
  /** Characters of all its threads. */
  said: number;
}

/** Bytes that wait, and what they say of each thread. */
interface Piece {
  readonly bytes: Uint8Array;
  readonly spans: readonly { readonly thread: Thread; readonly from: number; readonly saidUpTo: number }[];
}

/**
 * Pieces that are not far enough from the end of what their choice has said. Choices are streamed side by side, and a
 * value of one is not to be hidden by what another says in between: each has its own distance and its own text.
 */
function createHeldBack() {
  const choices = new Map<number, Choice>();
  let waiting: Piece[] = [];

  function threadOf(delta: ChatDelta): Thread | null {
    if (!('choice' in delta) || delta.kind === 'finish') return null;
    const choice = choices.get(delta.choice) ?? { threads: new Map(), said: 0 };
    choices.set(delta.choice, choice);
    const name = delta.kind === 'tool_call' ? `${delta.kind} ${delta.index}` : delta.kind;
    const thread = choice.threads.get(name) ?? { choice, text: '', dropped: 0 };
    choice.threads.set(name, thread);
    return thread;
  }

  function spansOf(deltas: readonly ChatDelta[]): Piece['spans'] {
    const begun = new Map<Thread, number>();
    for (const delta of deltas) {
      const thread = threadOf(delta);
      if (thread === null) continue;
      if (!begun.has(thread)) begun.set(thread, thread.dropped + thread.text.length);
      const text = saidBy(delta);
      thread.text += text;
      thread.choice.said += text.length;
    }
    return [...begun].map(([thread, from]) => ({ thread, from, saidUpTo: thread.choice.said }));
  }

  const isReady = ({ spans }: Piece) =>
    spans.every(({ thread, saidUpTo }) => thread.choice.said - saidUpTo >= HOLDBACK_CHARACTERS);

  return {
    /** What may leave now, with the text of the threads it is part of; null where all has to wait. */
    push(bytes: Uint8Array, deltas: readonly ChatDelta[]): { bytes: Uint8Array; said: string } | null {
      waiting.push({ bytes, spans: spansOf(deltas) });
      const first = waiting.findIndex((piece) => !isReady(piece));
      const taken = first === -1 ? waiting : waiting.slice(0, first);
      if (!taken.some(({ spans }) => spans.length > 0)) return null;
      waiting = waiting.slice(taken.length);
      const begun = new Map<Thread, number>();
      for (const { thread, from } of taken.flatMap(({ spans }) => spans)) {
        if (!begun.has(thread)) begun.set(thread, from);
      }
      return {
        bytes: Buffer.concat(taken.map((piece) => piece.bytes)),
        said: [...begun].map(([thread, from]) => textFrom(thread, from - HOLDBACK_CHARACTERS)).join('\n'),
      };
    },
    rest: () => Buffer.concat(waiting.map(({ bytes }) => bytes)),
  };
}

/** The text from a position on; what lies before it is not asked for again, since pieces leave in order. */
function textFrom(thread: Thread, position: number): string {
  const cut = Math.max(0, position - thread.dropped);
  thread.text = thread.text.slice(cut);
  thread.dropped += cut;
  return thread.text;
}

function saidBy(delta: ChatDelta): string {
  if (delta.kind === 'tool_call') return delta.argumentsJson;
  return 'text' in delta ? delta.text : '';
}

import type { JsonObject } from '../../base/index.ts';
import type { JudgedChunk, ReadInvocation } from '../../govern/scope/index.ts';
import type { AnswerCollector } from './answer-collector.ts';
import type { OpenFrom } from './answer-context.ts';
import type { ChatDelta } from './chat.ts';
import type { StreamEvent } from './provider.ts';

/**
 * Characters that stand between a piece and the end of what is known before the piece may leave, unless it is sure before that
 * no more text makes it part of what a rule looks for: a rule over pieces sees any match up to this length whole, wherever
 * chunks divide it (K-17).
 */
export const HOLDBACK_CHARACTERS = 128;
/**
 * The same where JSON escapes are among them: each is six characters of the text and one of the value, and nine where the
 * value is JSON within JSON within JSON.
 */
const ESCAPED_CHARACTERS = 9 * HOLDBACK_CHARACTERS;

export interface AnswerJudgeParts {
  readonly extent: ReadInvocation<unknown>['extentAfter'];
  readonly collector: AnswerCollector;
  /** Where the end of a text begins that more text may make part of what a rule over pieces looks for. */
  readonly openFrom: OpenFrom;
  /** The bytes of one event for the client. */
  write(event: StreamEvent): Uint8Array;
  /** What ends the answer for the client. */
  end(): Uint8Array;
  /** The context of a piece: the text around it. */
  pieceContext(said: string): JsonObject;
  /** The context of the whole, once the provider has ended; asked for before the last pieces are judged. */
  wholeContext(): JsonObject;
}

/** Makes of the events of an answer what the door judges and lets go. */
export interface AnswerJudge {
  /** What may leave with this event once it is judged; null where all of it has to wait. */
  push(event: StreamEvent): JudgedChunk | null;
  /** What is left when the provider has ended. */
  end(): readonly JudgedChunk[];
}

/**
 * From the event that says why the model stopped everything is held back, so that the client learns of the end only when
 * truth has judged the whole and the record is closed.
 */
export function createAnswerJudge(parts: AnswerJudgeParts): AnswerJudge {
  const { collector, extent } = parts;
  const last: Uint8Array[] = [];
  const heldBack = createHeldBack(parts.openFrom);
  let ending = false;
  return {
    push(event) {
      for (const delta of event.deltas) {
        collector.add(delta);
        if (delta.kind === 'finish') ending = true;
      }
      const bytes = parts.write(event);
      if (ending) {
        last.push(bytes);
        if (extent === 'piece') heldBack.note(event.deltas);
        return null;
      }
      if (extent !== 'piece') return bytes.length > 0 ? { bytes, judge: null } : null;
      const ready = heldBack.push(bytes, event.deltas);
      if (ready === null) return null;
      return { bytes: ready.bytes, judge: { context: parts.pieceContext(ready.said), final: false } };
    },
    end() {
      const rest = heldBack.rest();
      const whole = parts.wholeContext();
      const bytes = Buffer.concat([rest.bytes, ...last, parts.end()]);
      const final = { bytes, judge: { context: whole, final: true } };
      // The whole tells texts from calls of tools; rules over pieces see of the last ones what they saw of those before.
      if (rest.said === '') return [final];
      const context = parts.pieceContext(rest.said);
      return [{ bytes: new Uint8Array(0), judge: { context, final: false } }, final];
    },
  };
}

/** An answer as chunks for the door, whatever its events come from. */
export async function* judgedAnswer(
  events: AsyncIterable<StreamEvent>,
  parts: AnswerJudgeParts,
): AsyncGenerator<JudgedChunk> {
  const judge = createAnswerJudge(parts);
  for await (const event of events) {
    const chunk = judge.push(event);
    if (chunk !== null) yield chunk;
  }
  yield* judge.end();
}

/** One run of text that a reader puts together: the text of a choice, its thinking, the arguments of one call. */
interface Thread {
  readonly choice: Choice;
  /** Without what no piece that waits can reach back to. */
  text: string;
  /** Characters that were cut off the front. */
  dropped: number;
  /** Where the last JSON escape begins; -1 where there was none. */
  escapedAt: number;
  /** An escape may begin with its last character. */
  endsInBackslash: boolean;
  /** Characters of the choice when it last said something. */
  saidUpTo: number;
  /** Where the part begins that waits for what comes next; null where it is not known for this text. */
  openAt: number | null;
  /** The same where what comes next is said by other threads of its choice. */
  begunAt: number | null;
}

interface Choice {
  readonly threads: Map<string, Thread>;
  /** Characters of all its threads. */
  said: number;
}

/** Bytes that wait, and what they say of each thread. */
interface Piece {
  readonly bytes: Uint8Array;
  readonly spans: readonly Span[];
}

/** What a piece says of one thread, by positions in it. */
interface Span {
  readonly thread: Thread;
  readonly from: number;
  readonly to: number;
}

/**
 * Pieces that are not far enough from the end of what their thread has said. Choices are streamed side by side, and a
 * value of one is not to be hidden by what another says in between: each has its own distance and its own text.
 */
function createHeldBack(openFrom: OpenFrom) {
  const choices = new Map<number, Choice>();
  let waiting: Piece[] = [];

  function threadOf(at: number, name: string): Thread {
    const choice = choices.get(at) ?? { threads: new Map(), said: 0 };
    choices.set(at, choice);
    const thread = choice.threads.get(name) ?? {
      choice,
      text: '',
      dropped: 0,
      escapedAt: -1,
      endsInBackslash: false,
      saidUpTo: 0,
      openAt: null,
      begunAt: null,
    };
    choice.threads.set(name, thread);
    return thread;
  }

  function spansOf(deltas: readonly ChatDelta[]): Piece['spans'] {
    const begun = new Map<Thread, number>();
    for (const { choice, name, text } of deltas.flatMap(saidBy)) {
      const thread = threadOf(choice, name);
      if (!begun.has(thread)) begun.set(thread, endOf(thread));
      addText(thread, text);
    }
    return [...begun].map(([thread, from]) => ({
      thread,
      from,
      to: endOf(thread),
    }));
  }

  /** Where the part of a thread begins that more text may make part of a value; all of it where escapes hide what it says. */
  function openPartOf(thread: Thread): number {
    if (thread.text.includes('\\')) return thread.dropped;
    const tail = thread.text.slice(-HOLDBACK_CHARACTERS);
    return endOf(thread) - tail.length + openFrom(tail, 'open');
  }

  function begunPartOf(thread: Thread): number {
    const tail = thread.text.slice(-HOLDBACK_CHARACTERS);
    return endOf(thread) - tail.length + openFrom(tail, 'begun');
  }

  /**
   * A thread that others of its choice have talked over for long has most often ended, as thinking does: what it said last does
   * not wait for the end of the answer, unless a value has surely begun in it.
   */
  function isTalkedOver({ thread, from, to }: Span): boolean {
    if (thread.choice.said - thread.saidUpTo < reachOf(thread, from)) return false;
    thread.begunAt ??= begunPartOf(thread);
    return to <= thread.begunAt;
  }

  function isSettled(span: Span): boolean {
    const { thread, from, to } = span;
    if (endOf(thread) - to >= reachOf(thread, from)) return true;
    thread.openAt ??= openPartOf(thread);
    return to <= thread.openAt || isTalkedOver(span);
  }

  const isReady = ({ spans }: Piece) => spans.every(isSettled);

  return {
    /** What may leave now, with the text of the threads it is part of; null where all has to wait. */
    push(bytes: Uint8Array, deltas: readonly ChatDelta[]): { bytes: Uint8Array; said: string } | null {
      waiting.push({ bytes, spans: spansOf(deltas) });
      const first = waiting.findIndex((piece) => !isReady(piece));
      const taken = first === -1 ? waiting : waiting.slice(0, first);
      if (!taken.some(({ spans }) => spans.length > 0)) return null;
      waiting = waiting.slice(taken.length);
      return joined(taken);
    },
    /** Takes what is said by bytes that leave with the end. */
    note(deltas: readonly ChatDelta[]): void {
      waiting.push({ bytes: new Uint8Array(0), spans: spansOf(deltas) });
    },
    /** What still waits, with the text of the threads it is part of. */
    rest: () => joined(waiting),
  };
}

function joined(pieces: readonly Piece[]): { readonly bytes: Uint8Array; readonly said: string } {
  const begun = new Map<Thread, number>();
  for (const { thread, from } of pieces.flatMap(({ spans }) => spans)) {
    if (!begun.has(thread)) begun.set(thread, from);
  }
  return {
    bytes: Buffer.concat(pieces.map((piece) => piece.bytes)),
    said: [...begun].map(([thread, from]) => textFrom(thread, from - reachOf(thread, from))).join('\n'),
  };
}

/**
 * The text from a position on, with the whole of a word that it lies in: the host of a URL cut in two would look like an address.
 * What lies before is not asked for again, since pieces leave in order.
 */
function textFrom(thread: Thread, position: number): string {
  const cut = wordBegin(thread.text, Math.max(0, position - thread.dropped));
  thread.text = thread.text.slice(cut);
  thread.dropped += cut;
  return thread.text;
}

/** Where the word at a position begins; the position itself where that is further off than any value reaches. */
function wordBegin(text: string, position: number): number {
  const least = Math.max(0, position - HOLDBACK_CHARACTERS);
  for (let at = position; at > least; at--) if (/\s/.test(text.charAt(at - 1))) return at;
  return least === 0 ? 0 : position;
}

function endOf({ dropped, text }: Thread): number {
  return dropped + text.length;
}

function addText(thread: Thread, text: string): void {
  const end = endOf(thread);
  thread.text += text;
  thread.openAt = null;
  thread.begunAt = null;
  thread.choice.said += text.length;
  thread.saidUpTo = thread.choice.said;
  // Of what is new alone: a thread that waits for another may be long. Its two characters may come in two deltas.
  const last = text.lastIndexOf('\\u');
  if (last !== -1) thread.escapedAt = end + last;
  else if (thread.endsInBackslash && text.startsWith('u')) thread.escapedAt = end - 1;
  if (text !== '') thread.endsInBackslash = text.endsWith('\\');
}

/** How far a value around a position may reach. */
function reachOf(thread: Thread, position: number): number {
  const isEscaped = thread.escapedAt >= Math.max(0, position - ESCAPED_CHARACTERS);
  return isEscaped ? ESCAPED_CHARACTERS : HOLDBACK_CHARACTERS;
}

/** What a delta says, by the threads it goes on with. */
function saidBy(delta: ChatDelta): readonly { choice: number; name: string; text: string }[] {
  if (!('choice' in delta) || delta.kind === 'finish') return [];
  const { choice, kind } = delta;
  if (kind !== 'tool_call') return [{ choice, name: kind, text: delta.text }];
  const named = delta.name === null ? [] : [{ choice, name: `name ${delta.index}`, text: delta.name }];
  return [...named, { choice, name: `${kind} ${delta.index}`, text: delta.argumentsJson }];
}

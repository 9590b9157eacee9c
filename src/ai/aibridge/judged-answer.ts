import type { JsonObject } from '../../base/index.ts';
import type { Invocation, JudgedChunk } from '../../govern/scope/index.ts';
import type { AnswerCollector } from './answer-collector.ts';
import type { StreamEvent } from './provider.ts';

/**
 * Characters that stand between a piece and the end of what is known before the piece may leave: a rule over pieces sees
 * any match up to this length whole, wherever chunks divide it (K-17).
 */
export const HOLDBACK_CHARACTERS = 128;

export interface JudgedAnswerParts {
  readonly events: AsyncIterable<StreamEvent>;
  readonly extent: Invocation<unknown>['extentAfter'];
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

interface Waiting {
  readonly bytes: Uint8Array;
  /** How much had been said before and after this piece. */
  readonly saidFrom: number;
  readonly saidUpTo: number;
}

/**
 * A provider's stream as chunks for the door. From the event that says why the model stopped everything is held back, so
 * that the client learns of the end only when truth has judged the whole and the record is closed.
 */
export async function* judgedAnswer(parts: JudgedAnswerParts): AsyncGenerator<JudgedChunk> {
  const { collector, extent } = parts;
  const last: Uint8Array[] = [];
  const waiting: Waiting[] = [];
  let ending = false;
  let said = '';
  for await (const event of parts.events) {
    const saidFrom = said.length;
    for (const delta of event.deltas) {
      collector.add(delta);
      if ('text' in delta) said += delta.text;
      if (delta.kind === 'tool_call') said += delta.argumentsJson;
      if (delta.kind === 'finish') ending = true;
    }
    const bytes = parts.write(event);
    if (bytes.length === 0) continue;
    if (ending) last.push(bytes);
    else if (extent === 'piece') {
      waiting.push({ bytes, saidFrom, saidUpTo: said.length });
      const ready = takeReady(waiting, said.length - HOLDBACK_CHARACTERS);
      if (ready !== null) {
        const from = Math.max(0, ready.from - HOLDBACK_CHARACTERS);
        yield { bytes: ready.bytes, judge: { context: parts.pieceContext(said.slice(from)), final: false } };
      }
    } else yield { bytes, judge: null };
  }
  const rest = [...waiting.map(({ bytes }) => bytes), ...last, parts.end()];
  yield { bytes: Buffer.concat(rest), judge: { context: parts.wholeContext(), final: true } };
}

/** Takes the pieces that end at or before `limit`, as one; `from` is where the first of them begins. */
function takeReady(waiting: Waiting[], limit: number): { bytes: Uint8Array; from: number } | null {
  const count = waiting.findIndex(({ saidUpTo }) => saidUpTo > limit);
  const taken = waiting.splice(0, count === -1 ? waiting.length : count);
  const first = taken[0];
  if (first === undefined) return null;
  return { bytes: Buffer.concat(taken.map(({ bytes }) => bytes)), from: first.saidFrom };
}

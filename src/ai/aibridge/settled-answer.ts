import { isLakeError } from '../../base/index.ts';
import type { JudgedChunk, ReadInvocation } from '../../govern/scope/index.ts';
import { type AnswerCollector, createAnswerCollector } from './answer-collector.ts';
import { type AnswerFacts, answerContext, openTextOf, type PersonalDataFinder } from './answer-context.ts';
import type { StartedAnswer } from './call-model.ts';
import { modelsErrors } from './errors.ts';
import { createAnswerJudge } from './judged-answer.ts';
import type { ChatReply, StreamEvent } from './provider.ts';

export interface SettledAnswerParts {
  readonly started: StartedAnswer;
  readonly task: string;
  readonly invocation: Pick<ReadInvocation<unknown>, 'extentAfter' | 'fieldsOfPieces'>;
  readonly personalData: PersonalDataFinder;
  readonly maskedTags: readonly string[];
  /** The bytes of one event of a stream, and what ends it. */
  readonly stream: { write(event: StreamEvent): Uint8Array; end(): Uint8Array };
  /** The bytes of a whole answer. */
  whole(reply: Extract<ChatReply, { kind: 'whole' }>): Uint8Array;
}

/**
 * An answer as chunks for the door, for one reader, whose call is settled exactly once: with the provider's count where it
 * ended properly, with an estimate where it broke off or the client left. One that is given up before its first chunk ends its
 * provider's stream and settles too, which a plain generator would not.
 */
export function settledAnswer(parts: SettledAnswerParts): AsyncIterable<JudgedChunk> {
  const collector = createAnswerCollector();
  const account = accountOf(parts, collector);
  const chunks = judgedChunks(parts, collector, account);
  let started = false;
  const iterator: AsyncIterator<JudgedChunk> = {
    next() {
      started = true;
      return chunks.next();
    },
    async return() {
      const { reply } = parts.started;
      if (!started) {
        started = true;
        if (reply.kind === 'stream') await reply.events[Symbol.asyncIterator]().return?.();
        account.settle('cancelled');
      }
      return chunks.return(undefined);
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

async function* judgedChunks(
  parts: SettledAnswerParts,
  collector: AnswerCollector,
  account: ReturnType<typeof accountOf>,
): AsyncGenerator<JudgedChunk> {
  try {
    const { extentAfter: extent, fieldsOfPieces } = parts.invocation;
    const { reply } = parts.started;
    if (reply.kind === 'whole') {
      for (const answer of reply.answers) collector.addWhole(answer);
      // Rules over pieces see of a whole answer what they would see of the same one streamed.
      const whole = account.wholeContext();
      if (extent === 'piece') {
        const context = account.pieceContext(collector.said());
        yield { bytes: new Uint8Array(0), judge: { context, final: false } };
      }
      yield { bytes: parts.whole(reply), judge: { context: whole, final: true } };
    } else {
      const openFrom = openTextOf(fieldsOfPieces, parts.personalData);
      const judge = createAnswerJudge({ extent, collector, openFrom, ...parts.stream, ...account });
      for await (const event of reply.events) {
        const chunk = judge.push(event);
        if (chunk !== null) yield chunk;
      }
      yield* judge.end();
    }
  } catch (error) {
    account.settle(isLakeError(error) && error.code === modelsErrors.cut_off.code ? 'cut_off' : 'cancelled');
    throw error;
  } finally {
    // Without an end of its own the reader has left.
    account.settle('cancelled');
  }
}

function accountOf(parts: SettledAnswerParts, collector: AnswerCollector) {
  const { started, personalData, maskedTags } = parts;
  const { provider, model } = started.rung;
  let settled = false;
  const facts = (more: Pick<AnswerFacts, 'text' | 'said'> & Partial<AnswerFacts>): AnswerFacts => ({
    finish: collector.finish(),
    provider,
    model: `${provider}/${model}`,
    task: parts.task,
    costNanoUsd: null,
    outputTokens: null,
    ...more,
  });
  const judged = { personalData, maskedTags };
  const settle = (failure: 'cut_off' | 'cancelled' | null): number | null => {
    if (settled) return null;
    settled = true;
    return started.settle(collector, failure).costNanoUsd;
  };
  return {
    settle,
    pieceContext: (said: string) => answerContext(facts({ text: null, said }), judged),
    wholeContext() {
      const costNanoUsd = settle(null);
      const outputTokens = collector.usage()?.output ?? null;
      return answerContext(
        facts({ text: collector.text(), said: collector.said(), costNanoUsd, outputTokens }),
        judged,
      );
    },
  };
}

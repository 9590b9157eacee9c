import type { JsonObject } from '../base/index.ts';
import type { JudgedChunk } from '../govern/scope/index.ts';
import type { RuleExtent } from '../govern/truth/index.ts';

const EMPTY = new Uint8Array(0);

/**
 * Lets the chunks of an answer go once truth has judged them. Where a rule must see the whole answer nothing leaves before
 * the end; where rules judge pieces each leaves with the context that completes it; where there are none each leaves at
 * once. Nothing is ever both unjudged and sent. A chunk that more follow is followed by an empty one: adapters hold the
 * last chunk back until the record is closed, and write what came before it without waiting for the next.
 */
export async function* releaseJudged(
  chunks: AsyncIterable<JudgedChunk>,
  extent: RuleExtent | 'none',
  judge: (context: JsonObject, extent: RuleExtent, held: () => Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let judgedWhole = false;
  for await (const chunk of chunks) {
    if (judgedWhole) throw new Error('an answer went on after its last chunk');
    held.push(chunk.bytes);
    if (chunk.judge === null) {
      if (extent !== 'none') continue;
    } else if (chunk.judge.final) {
      judge(chunk.judge.context, 'whole', () => Buffer.concat(held));
      judgedWhole = true;
    } else if (extent === 'whole') continue;
    else if (extent === 'piece') judge(chunk.judge.context, 'piece', () => Buffer.concat(held));
    for (const [index, bytes] of held.entries()) {
      yield bytes;
      if (!judgedWhole || index < held.length - 1) yield EMPTY;
    }
    held = [];
  }
  if (!judgedWhole) throw new Error('an answer ended without the context of the whole');
}

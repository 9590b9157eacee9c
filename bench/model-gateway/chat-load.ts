import { type LoadResult, runLoad } from './load.ts';
import type { Target } from './peers.ts';

/** One run of chats against a gateway. */
export interface ChatJob {
  readonly count: number;
  readonly connections: number;
  /** Absent starts the next chat when one ends. */
  readonly perSecond?: number;
  readonly stream?: boolean;
}

const QUESTION = 'Which of these candidates fits the job of a welder in Lyon best, and why? '.repeat(2);

/** Runs chats against a gateway and says on standard error what came of them. */
export async function chatLoad(target: Target, job: ChatJob): Promise<LoadResult> {
  const { stream = false, perSecond = null, count, connections } = job;
  const body = JSON.stringify({
    model: stream ? `${target.model}/slow` : target.model,
    messages: [{ role: 'user', content: QUESTION }],
    max_tokens: 200,
    ...(stream ? { stream: true } : {}),
  });
  const { url, headers } = target;
  const result = await runLoad({ url, headers, body, stream, count, perSecond, connections });
  const at = perSecond === null ? `${connections} callers` : `${Math.round(perSecond)}/s`;
  console.error(`  ${target.name}, ${stream ? `${count} streams` : at}: ${told(result)}`);
  return result;
}

function told(result: LoadResult): string {
  const failed = result.failed === 0 ? '' : ` FAILED ${result.failed}: ${result.firstFailure}`;
  if (result.completed === 0) return `none${failed}`;
  const { firstP50Ms, firstP99Ms } = result;
  const first =
    firstP50Ms === null || firstP99Ms === null
      ? ''
      : ` first ${firstP50Ms.toFixed(1)} / ${firstP99Ms.toFixed(1)}`;
  const whole = `p50 ${result.p50Ms.toFixed(1)} p99 ${result.p99Ms.toFixed(1)} ms`;
  return `${Math.round(result.perSecond)}/s ${whole}${first}${failed}`;
}

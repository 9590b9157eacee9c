import { fileURLToPath } from 'node:url';
import type { BenchRow } from '../bench-row.ts';
import { chatLoad } from './chat-load.ts';
import { startOurs } from './ours.ts';
import { startLiteLlm, startPortkey, type Target } from './peers.ts';
import { SHARING, startPinned, stop } from './process-group.ts';

/** The gateways to measure, and the mock behind all of them. */
export interface Gateways {
  readonly mock: Target;
  readonly ours: Target;
  /** Those that could be installed. */
  readonly peers: readonly Target[];
}

const MOCK = fileURLToPath(new URL('mock-upstream.ts', import.meta.url));
const PEERS = [
  ['Portkey', startPortkey],
  ['LiteLLM', startLiteLlm],
] as const;
/**
 * Enough for a just-in-time compiler to be through with the path of a call: measured by the processor time of its threads, a
 * quarter of all that ours and Portkey used at 4,000 calls, and next to nothing from 10,000 on.
 */
const WARM_UP_CALLS = 12_000;

/** Starts the mock and every gateway, warm, and ends them after `measure`. */
export async function withGateways(
  measure: (gateways: Gateways) => Promise<readonly BenchRow[]>,
): Promise<readonly BenchRow[]> {
  const mock = await startMock();
  const started: Target[] = [];
  try {
    const ours = await startOurs(mock.url);
    started.push(ours);
    const peers: Target[] = [];
    for (const [name, start] of PEERS) {
      try {
        const peer = await start(mock.url);
        started.push(peer);
        peers.push(peer);
      } catch (error) {
        console.error(`${name} not installed: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    console.error(SHARING);
    for (const target of [mock.target, ...started]) {
      await chatLoad(target, { count: fewer(target, WARM_UP_CALLS), connections: 16 });
    }
    return await measure({ mock: mock.target, ours, peers });
  } finally {
    for (const target of started) await target.close();
    await mock.close();
  }
}

/** As many calls as take a gateway about as long as the others: LiteLLM is many times slower. */
export function fewer(target: Target, calls: number): number {
  return target.name === 'LiteLLM' ? Math.ceil(calls / 10) : calls;
}

async function startMock() {
  let heard: (port: string) => void = () => {};
  const port = new Promise<string>((resolve) => {
    heard = resolve;
  });
  const child = startPinned('load', [process.execPath, MOCK], { onLine: (line) => heard(line) });
  const url = `http://127.0.0.1:${await port}`;
  const close = () => stop(child);
  const target: Target = {
    name: 'the mock itself',
    url: `${url}/v1/chat/completions`,
    headers: {},
    model: 'mock',
    pid: null,
    close,
  };
  return { url, target, close };
}

/**
 * A day's ceiling under 1,000 callers at once over HTTP, requests of random sizes, and a server that is killed and started
 * again between: what the service charged for beside the ceiling, to the nano-dollar, and how much of the budget was used
 * when every caller had been refused. Run alone it prints its rows: `node bin/pinned-node.js bench/model-ceiling.ts`.
 */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Agent, request } from 'undici';
import { type ChildServer, makeTestHome, SMALL_ENGINE, startChild } from '../test/faults/child-server.ts';
import { seededRandom, seedOfRun } from '../test/faults/seeded-random.ts';
import { storeRows } from '../test/harness/store-rows.ts';
import type { BenchRow } from './bench-row.ts';

const CALLERS = 1_000;
/** Kills come when the service has got so many calls. */
const KILLS_AT = [1_200, 2_600, 4_000];
const LONGEST_ANSWER = 1_000;
const PROMPT_TOKENS = 4;
/** Of dollars a million tokens: 1 for input and 2 for output. */
const INPUT_NANO_USD = 1_000;
const OUTPUT_NANO_USD = 2_000;
/** Some 8,000 calls of the average size. */
const CEILING_USD = 8;
const NANO = 1e9;

export async function run(): Promise<BenchRow[]> {
  const seed = seedOfRun();
  console.error(`seed ${seed} (LAKEHOUSE_SEED replays the sizes)`);
  const random = seededRandom(seed);
  const service = await startService(random);
  const home = await makeTestHome({ config: configOf(service.url) });
  writeFileSync(join(home.home, 'routing.toml'), ROUTING);
  let server = startChild({ home });
  try {
    let left = CALLERS;
    const callers = Array.from({ length: CALLERS }, () =>
      caller(() => server, home.adminKey, random).finally(() => {
        left -= 1;
      }),
    );
    for (const calls of KILLS_AT) {
      while (service.calls() < calls && left > 0) await wait(1);
      if (left === 0) throw new Error('the ceiling was reached before the last kill');
      await (await server).kill();
      server = startChild({ home });
      await server;
    }
    await Promise.all(callers);
    await (await server).stop();
    const windows = storeRows<{ spent: number; held: number }>(
      home.home,
      'SELECT spent, held FROM budget_windows',
    );
    // Midnight makes a second window, and the ceiling is of one.
    const [window] = windows;
    if (window === undefined || windows.length > 1) throw new Error(`${windows.length} windows of one day`);
    return rowsOf(service.nanoUsd(), window);
  } finally {
    await (await server).kill();
    await home.remove();
    await service.close();
  }
}

function rowsOf(charged: number, window: { readonly spent: number; readonly held: number }): BenchRow[] {
  const kills = `${CALLERS.toLocaleString('en-US')} callers and ${KILLS_AT.length} kills`;
  console.error(`the service charged ${charged} nano-dollars, the ledger says ${window.spent}`);
  const row = (name: string, nanoUsd: number, target: string): BenchRow => ({
    name,
    ours: nanoUsd / NANO,
    peer: CEILING_USD,
    ratio: nanoUsd / NANO / CEILING_USD,
    target,
    unit: '$',
  });
  const passed = Math.max(charged, window.spent + window.held) > CEILING_USD * NANO;
  if (passed) throw new Error('the ceiling was passed');
  return [
    row(`charged by the service under a ceiling, ${kills}`, charged, 'never over'),
    row(`used of the ceiling when all are refused, ${kills}`, window.spent, '≥ 0.98×'),
  ];
}

const clients = new Agent({
  connections: CALLERS,
  pipelining: 1,
  headersTimeout: 60_000,
  bodyTimeout: 60_000,
});

/** Asks for answers of random lengths until the budget is used up, whatever becomes of the server between. */
async function caller(server: () => Promise<ChildServer>, key: string, random: () => number): Promise<void> {
  for (;;) {
    const { url } = await server();
    const status = await ask(url, key, 1 + Math.floor(random() * LONGEST_ANSWER)).catch(() => null);
    if (status === 402) return;
    // Killed, or the calls under way hold what is left: what they do not use is given back.
    if (status !== 200) await wait(5 + random() * 20);
    if (status !== null && ![200, 429, 503].includes(status))
      throw new Error(`a chat was answered ${status}`);
  }
}

async function ask(url: string, key: string, longest: number): Promise<number> {
  const { statusCode, body } = await request(`${url}/v1/chat/completions`, {
    dispatcher: clients,
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': key },
    body: JSON.stringify({
      model: 'mock/mock',
      messages: [
        { role: 'user', content: 'Which of these candidates fits the job of a welder in Lyon best?' },
      ],
      max_tokens: longest,
    }),
  });
  await body.dump();
  return statusCode;
}

/** A model service that charges for a call when it arrives, whoever hears of it. */
async function startService(random: () => number) {
  let calls = 0;
  let nanoUsd = 0;
  const service = createServer(async (incoming, response) => {
    const asked = JSON.parse(Buffer.concat(await incoming.toArray()).toString('utf8') || '{}');
    // Whoever looks whether somebody is there is not charged.
    if (asked.max_tokens === undefined) return void response.end('{}');
    const completion = random() < 0.2 ? asked.max_tokens : Math.ceil(random() * asked.max_tokens);
    calls += 1;
    nanoUsd += PROMPT_TOKENS * INPUT_NANO_USD + completion * OUTPUT_NANO_USD;
    await wait(random() * 30);
    response.setHeader('content-type', 'application/json');
    response.end(answerOf(completion));
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(service.address() as AddressInfo).port}`,
    calls: () => calls,
    nanoUsd: () => nanoUsd,
    async close() {
      await clients.destroy();
      service.closeAllConnections();
      await new Promise((resolve) => service.close(resolve));
    },
  };
}

function answerOf(completion: number): string {
  const message = { role: 'assistant', content: 'The first of them.' };
  return JSON.stringify({
    id: 'chatcmpl-mock',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'mock',
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    usage: {
      prompt_tokens: PROMPT_TOKENS,
      completion_tokens: completion,
      total_tokens: PROMPT_TOKENS + completion,
    },
  });
}

function configOf(service: string): string {
  return `${SMALL_ENGINE}
[server]
rate_limit_per_minute = 10000000

[models.providers.mock]
kind = "openai-compatible"
base_url = "${service}/v1"
allow_private_addresses = true
`;
}

const ROUTING = `
[models."mock/*"]
context_window = 100000
max_output_tokens = ${LONGEST_ANSWER}
billing = "metered"
prices_usd_per_million = { input = ${INPUT_NANO_USD / 1_000}, output = ${OUTPUT_NANO_USD / 1_000} }
capabilities = ["chat"]

[[ceilings]]
name = "day"
usd_per_day = ${CEILING_USD}
`;

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.table(await run());
}

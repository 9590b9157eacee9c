import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type ChildServer,
  makeTestHome,
  SMALL_ENGINE,
  standBy,
  type TestHome,
} from '../faults/child-server.ts';
import { providersConfig } from '../harness/model-server.ts';
import { storeRows } from '../harness/store-rows.ts';
import { startScriptedProvider } from '../support/scripted-provider/scripted-provider.ts';
import { ANSWER, finish, packed, SCRUM_ROUTING, says, sendFile, start } from './scrum-server.ts';

const LIVES = 8;
const FILES = [1, 2, 3].map((number) => packed(`src/file-${number}.ts`, `export const guard = ${number};\n`));

/** F-1: killed between the publication of an iteration and its end, it is published once when it is finished again. */
test('an iteration whose publication was killed half way is published once by the next finish', async () => {
  const upstream = await startScriptedProvider();
  const home = await makeTestHome({ config: `${SMALL_ENGINE}\n${providersConfig(upstream.url)}` });
  await writeFile(join(home.home, 'routing.toml'), SCRUM_ROUTING);
  upstream.answerBy(({ body }) => says(isDirected(body) ? { suggestions: [] } : ANSWER));
  let standby = standBy({ home });
  const states: string[] = [];
  try {
    for (let life = 1; life <= LIVES && !states.includes('running'); life++) {
      const server = await standby.serve();
      standby = standBy({ home });
      const lake = { server, upstream };
      const begun = await start(lake, FILES, { repository: `team/life-${life}` });
      for (const file of FILES)
        expect((await sendFile(lake, begun.json.iteration_id, file)).status).toBe(201);
      const asked = finish(lake, begun.json.iteration_id).catch(() => null);
      await publishedOf(home, life);
      await server.kill();
      await asked;

      const next = await standby.serve();
      standby = standBy({ home });
      const path = `/scrum/iterations/${begun.json.iteration_id}`;
      states.push((await next.api('GET', path)).json.iteration.state);
      const finished = await finish({ server: next }, begun.json.iteration_id);
      expect(finished.json).toMatchObject({ state: 'finished', reviews: 3, findings: 3, attempts: 6 });
      expect((await next.api('GET', path)).json.iteration.state).toBe('finished');
      expect(await rowsIn(next, `team/life-${life}`)).toEqual({ reviews: 3, findings: 3, attempts: 6 });
      await next.stop();
    }
    console.log(`states after the kill: ${states.join(', ')}`);
    expect(states, 'a kill between publication and end').toContain('running');
  } finally {
    standby.discard();
    await home.remove();
    await upstream.close();
  }
}, 300_000);

/** Waits until the first of the three datasets has the rows of this life. */
async function publishedOf({ home }: TestHome, life: number): Promise<void> {
  const sql = "SELECT count(*) AS ingests FROM ingests WHERE dataset_name = 'kb.reviews'";
  const published = () => Number(storeRows<{ ingests: number }>(home, sql)[0]?.ingests ?? 0);
  while (published() < life) await new Promise((resolve) => setImmediate(resolve));
}

async function rowsIn(server: ChildServer, repository: string) {
  const count = async (dataset: string) => {
    const sql = `SELECT count(*) AS rows FROM ${dataset} WHERE repository = $repository`;
    const answer = await server.api('POST', '/query/sql', { json: { sql, params: { repository } } });
    return answer.json.rows[0].rows;
  };
  return {
    reviews: await count('kb.reviews'),
    findings: await count('kb.findings'),
    attempts: await count('kb.attempts'),
  };
}

function isDirected(body: Record<string, unknown>): boolean {
  return JSON.stringify(body).includes('<<<findings');
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeTestHome, SMALL_ENGINE, standBy, type TestHome } from '../faults/child-server.ts';
import { providersConfig } from '../harness/model-server.ts';
import { storeRows } from '../harness/store-rows.ts';
import { startScriptedProvider } from '../support/scripted-provider/scripted-provider.ts';
import { ANSWER, COMMIT, packed, SCRUM_ROUTING, says } from './scrum-server.ts';

const LIVES = 8;
const CASES = [1, 2].map((number) => ({
  ...packed(`src/file-${number}.ts`, `export const guard = ${number};\n`),
  changed: [{ first_line: 1, last_line: 1 }],
  planted: { rule: 'ignored-input', symbol: '' },
}));

/** F-1: killed between the ingest of a calibration and its end, it counts once when it is published again. */
test('a calibration whose publication was killed half way counts once', async () => {
  const upstream = await startScriptedProvider();
  const home = await makeTestHome({ config: `${SMALL_ENGINE}\n${providersConfig(upstream.url)}` });
  await writeFile(join(home.home, 'routing.toml'), SCRUM_ROUTING);
  upstream.answerBy(() => says(ANSWER));
  let standby = standBy({ home });
  const endings: boolean[] = [];
  try {
    for (let life = 1; life <= LIVES && !endings.includes(true); life++) {
      const server = await standby.serve();
      standby = standBy({ home });
      const repository = `team/life-${life}`;
      const json = { repository, commit: COMMIT, cases: 2, plan_sha256: 'c'.repeat(64) };
      for (const one of CASES) {
        const read = await server.api('POST', '/scrum/calibrations', { json: { ...json, ...one } });
        expect(read.status).toBe(201);
      }
      const asked = server.api('POST', '/scrum/calibrations/finish', { json }).catch(() => null);
      await ingested(home, life);
      await server.kill();
      await asked;

      const next = await standby.serve();
      standby = standBy({ home });
      const published = await next.api('POST', '/scrum/calibrations/finish', { json });
      expect(published.json).toMatchObject({
        cases: 2,
        models: [{ caught: 2 }, { caught: 2 }, { caught: 2 }],
      });
      endings.push(published.json.published);
      const sql = 'SELECT count(*) AS rows FROM kb.attempts WHERE repository = $repository';
      const rows = await next.api('POST', '/query/sql', { json: { sql, params: { repository } } });
      expect(rows.json.rows).toEqual([{ rows: 6 }]);
      await next.stop();
    }
    console.log(`ended by the second publication: ${endings.join(', ')}`);
    expect(endings, 'a kill between ingest and end').toContain(true);
  } finally {
    standby.discard();
    await home.remove();
    await upstream.close();
  }
}, 300_000);

/** Waits until the attempts of this life are in their dataset. */
async function ingested({ home }: TestHome, life: number): Promise<void> {
  const sql = "SELECT count(*) AS ingests FROM ingests WHERE dataset_name = 'kb.attempts'";
  const count = () => Number(storeRows<{ ingests: number }>(home, sql)[0]?.ingests ?? 0);
  while (count() < life) await new Promise((resolve) => setImmediate(resolve));
}

import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../harness/server.ts';

// K-4: what describes a dataset is the same whatever the caller's policy hides: counts of hidden rows, and sizes and hashes,
// which are made of hidden values. A hash of a file confirms any guess at a masked value in it.
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    policy: {
      roles: {
        masked: { grants: [{ dataset: '*', actions: ['read'] }] },
        filtered: { grants: [{ dataset: '*', actions: ['read'] }] },
      },
      masks: [{ tag: 'pii.email', method: 'redact', except_roles: ['admin', 'filtered'] }],
      row_filters: [{ dataset: '*', roles: ['filtered'], where: "region = 'north'" }],
    },
  });
});
afterAll(() => server.close());

const north = (email: string) => `id,region,email\n1,north,${email}\n2,north,${email.replace('a', 'b')}\n`;

/** Two datasets in turn, which differ in what the role does not see. */
const PAIRS = {
  masked: [north('ada@example.org'), north('a-very-long-address-of-somebody-else@example.org')],
  filtered: [
    `${north('ada@example.org')}3,south,c@example.org\n`,
    `${north('ada@example.org')}3,south,c@x.org\n4,south,d@x.org\n5\n`,
  ],
} as const;

async function told(dataset: string, key: string) {
  const bodies = [];
  for (const path of [
    `/catalog/datasets/by-name/${dataset}`,
    `/catalog/datasets/by-name/${dataset}/snapshots`,
    `/catalog/datasets?prefix=${dataset}`,
    `/ingest?dataset=${dataset}`,
    `/access/me`,
  ]) {
    const answer = await server.api('GET', path, { key });
    expect(answer.status, answer.text).toBe(200);
    bodies.push(
      path === '/access/me'
        ? JSON.stringify(answer.json.datasets.find((one: { name: string }) => one.name === dataset))
        : answer.text,
    );
  }
  return bodies.map((body) =>
    body
      .replaceAll(dataset, 'DATASET')
      .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID')
      .replace(/"\d{10,16}"/g, '"SNAPSHOT"')
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME'),
  );
}

test.each(['masked', 'filtered'] as const)(
  'nothing that is %s shows in what describes a dataset',
  async (role) => {
    const { key } = await server.key(role);
    for (const [at, body] of PAIRS[role].entries()) {
      const query = new URLSearchParams({
        dataset: `${role}_${at}`,
        file_name: 'people.csv',
        on_error: 'quarantine',
      });
      expect((await server.api('POST', `/ingest/file?${query}`, { body })).status).toBe(201);
    }
    expect(await told(`${role}_0`, key)).toEqual(await told(`${role}_1`, key));
    const admin = await server.api('GET', `/ingest?dataset=${role}_0`);
    expect(admin.json.ingests[0]).toMatchObject({
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      row_count: expect.any(Number),
    });
    expect(admin.json.ingests[0].size_bytes).toBe(PAIRS[role][0].length);
  },
);

import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CatalogFixture, column, emptyAppend, openCatalogFixture, scopes } from './catalog.fixture.ts';

let lake: CatalogFixture;
beforeEach(async () => {
  lake = await openCatalogFixture();
});
afterEach(() => lake.close());

const COLUMNS = [column('id', 'long')];

async function append(n: number, fixture = lake) {
  return fixture.write({ name: 't', columns: COLUMNS, query: `SELECT ${n} AS id` });
}

async function scan(fixture: CatalogFixture = lake) {
  const { catalog } = fixture.catalogd;
  const facts = await catalog.facts(scopes.resolve(), 't');
  if (facts === null) return [];
  const pinned = await catalog.pin(scopes.resolve(), facts, { kind: 'current' });
  return (await catalog.scan(scopes.read(facts.datasetId), pinned)).files;
}

async function planned(n: number) {
  const { catalog } = lake.catalogd;
  const target = await catalog.writeTarget(scopes.write(), { name: 't', mode: 'append', columns: COLUMNS });
  const path = join(target.folder, `planned-${n}.parquet`);
  await lake.sql(`COPY (SELECT ${n}::BIGINT AS id) TO '${path}' (FORMAT parquet, FIELD_IDS {id: 1})`);
  const empty = new Map();
  return catalog.planCommit(scopes.write(), {
    name: 't',
    datasetId: target.datasetId,
    mode: 'append',
    schema: target.schema,
    files: [
      {
        path,
        recordCount: 1,
        sizeBytes: 300,
        hasFieldIds: true,
        columnSizes: empty,
        valueCounts: empty,
        nullCounts: empty,
        lowerBounds: empty,
        upperBounds: empty,
      },
    ],
    missingIds: new Set(),
    tags: new Map(),
    owner: null,
    description: null,
    lineage: {},
  });
}

describe('faults', () => {
  it('a commit whose process ended before the transaction leaves the state before', async () => {
    await append(1);
    await planned(2);
    const restarted = await lake.reopen();
    expect(await scan(restarted)).toHaveLength(1);
    await append(3, restarted);
    expect(await scan(restarted)).toHaveLength(2);
  });

  it('a discarded commit takes its metadata files with it', async () => {
    await append(1);
    const folder = dirname(await lake.metadataFile('t'));
    const before = (await readdir(folder)).sort();
    const commit = await planned(2);
    expect((await readdir(folder)).length).toBeGreaterThan(before.length);
    await commit.discard();
    expect((await readdir(folder)).sort()).toEqual(before);
  });

  it('a stale plan is refused by its guard, and leaves the winner alone', async () => {
    await append(1);
    const stale = await planned(2);
    await append(3, await lake.reopen());
    expect(await lake.store.commit(stale.statements)).toEqual({ committed: false, refusal: 'stale_pointer' });
    expect(await scan()).toHaveLength(2);
  });

  it('two writers that make one dataset at once both get their rows in', async () => {
    await Promise.all(Array.from({ length: 8 }, (_, n) => append(n)));
    expect(await scan()).toHaveLength(8);
  });

  it('metadata that cannot be written is a refusal that may be retried, and nothing changes', async () => {
    await append(1);
    const folder = dirname(await lake.metadataFile('t'));
    const aside = `${folder}-aside`;
    await cp(folder, aside, { recursive: true });
    await rm(folder, { recursive: true });
    await writeFile(folder, 'in the way');
    await expect(planned(2)).rejects.toMatchObject({ code: 'catalog.write_failed' });
    await rm(folder);
    await cp(aside, folder, { recursive: true });
    expect(await scan()).toHaveLength(1);
  });

  it.each(['cut in half', 'cut between blocks', 'emptied', 'gone'])(
    'a manifest %s is an error, never fewer rows',
    async (how) => {
      await append(1);
      await append(2);
      const restarted = await lake.reopen();
      const folder = dirname(await lake.metadataFile('t'));
      const [manifest] = (await readdir(folder)).filter((file) => file.endsWith('-m0.avro'));
      const path = join(folder, manifest ?? '');
      if (how === 'gone') await rm(path);
      else {
        const bytes = await readFile(path);
        // The marker ends the header and every block: a file that ends there is whole to any reader of the format.
        const lengths = new Map([
          ['cut in half', Math.floor(bytes.length / 2)],
          ['cut between blocks', bytes.indexOf(bytes.subarray(-16)) + 16],
        ]);
        await truncate(path, lengths.get(how) ?? 0);
      }
      await expect(scan(restarted)).rejects.toMatchObject({
        code: how === 'gone' ? 'catalog.files_missing' : 'catalog.metadata_damaged',
      });
    },
  );

  it('a manifest cut between blocks is not merged into one that lacks its rows', async () => {
    // The next append writes the manifests of these again as one.
    for (let n = 0; n < 15; n++) await append(n);
    const restarted = await lake.reopen();
    const folder = dirname(await lake.metadataFile('t'));
    const [manifest = ''] = (await readdir(folder)).filter((file) => file.endsWith('-m0.avro'));
    const bytes = await readFile(join(folder, manifest));
    await truncate(join(folder, manifest), bytes.indexOf(bytes.subarray(-16)) + 16);
    await expect(append(15, restarted)).rejects.toMatchObject({ code: 'catalog.metadata_damaged' });
  });

  it('a right to append that is gone, or was of another dataset, is refused at the commit', async () => {
    await append(1);
    const { catalog } = lake.catalogd;
    const target = await catalog.writeTarget(scopes.write(), { name: 't', mode: 'append', columns: COLUMNS });
    await expect(catalog.planCommit(scopes.denied(), emptyAppend(target))).rejects.toMatchObject({
      code: 'catalog.dataset_not_found',
    });
  });

  it('a tag that a person removed is none to the policy', async () => {
    await append(1);
    await lake.update('t', { set_tags: [{ column: 'id', tags: ['pii.x'] }] });
    const tags = async () => (await lake.catalogd.catalog.facts(scopes.resolve(), 't'))?.columns[0]?.tags;
    expect(await tags()).toEqual(['pii.x']);
    await lake.update('t', { remove_tags: [{ column: 'id', tags: ['pii.x'] }] });
    expect(await tags()).toEqual([]);
  });

  it('times of a table never go back with the clock', async () => {
    const first = await append(1);
    lake.clock.advance(-3_600_000);
    await append(2);
    await lake.update('t', { rollback_to: first.snapshotId });
    const metadata = JSON.parse(await readFile(await lake.metadataFile('t'), 'utf8'));
    const times = metadata['snapshot-log'].map(
      (logged: { 'timestamp-ms': number }) => logged['timestamp-ms'],
    );
    expect(times).toHaveLength(3);
    expect(times).toEqual(times.toSorted((a: number, b: number) => a - b));
    const [made, added] = metadata.snapshots;
    expect(added['timestamp-ms']).toBeGreaterThanOrEqual(made['timestamp-ms']);
  });

  it('a home that was moved reads and goes on writing where it is now', async () => {
    await append(1);
    const moved = await mkdtemp(join(tmpdir(), 'catalogd-moved-'));
    const elsewhere = await lake.reopen(moved);
    await cp(join(lake.home, 'warehouse'), join(moved, 'warehouse'), { recursive: true });
    await rm(join(lake.home, 'warehouse'), { recursive: true });
    await append(2, elsewhere);
    const files = await scan(elsewhere);
    expect(files.map((file) => file.path.startsWith(join(moved, 'warehouse')))).toEqual([true, true]);
    expect(files.every((file) => file.hasFieldIds)).toBe(true);
    await rm(moved, { recursive: true });
  });
});

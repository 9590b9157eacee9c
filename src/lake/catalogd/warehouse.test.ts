import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Warehouse } from './warehouse.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'lakehouse-warehouse-'));
});
afterEach(() => rm(home, { recursive: true }));

const ID = '01900000-0000-7000-8000-000000000001';

it('is made at the start, and not in its own place while its disk is away', async () => {
  const warehouse = new Warehouse(home);
  await warehouse.prepareFolders(ID);
  await warehouse.prepareFolders(ID);
  await rename(join(home, 'warehouse'), join(home, 'away'));
  const write = () => warehouse.writeMetadata(ID, [{ file: 'a.json', bytes: '{}' }]);
  for (const attempt of [() => warehouse.prepareFolders(ID), write]) {
    await expect(attempt()).rejects.toMatchObject({ code: 'catalog.write_failed' });
  }
  expect(await readdir(home)).toEqual(['away']);
  await rename(join(home, 'away'), join(home, 'warehouse'));
  await warehouse.prepareFolders(ID);
  await write();
});

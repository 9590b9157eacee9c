import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, systemClock } from '../base/index.ts';
import { describeMetastore } from './metastore.contract.ts';
import type { Metastore } from './metastore.ts';
import { openMetastore } from './sqlite-metastore.ts';

const log = createLogger({ level: 'silent' });
const config = { commit_timeout_ms: 30_000 };

describeMetastore('SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'metastore-'));
  const open = (file: string) => openMetastore({ file, config, clock: systemClock, log });
  const file = join(folder, 'store.db');
  const opened: Metastore[] = [await open(file)];
  const [store] = opened;
  if (store === undefined) throw new Error('no store');
  return {
    store,
    backupFile: join(folder, 'backup.db'),
    async reopen() {
      await opened.at(-1)?.close();
      const again = await open(file);
      opened.push(again);
      return again;
    },
    openBackup: open,
    async dispose() {
      await opened.at(-1)?.close();
      await rm(folder, { recursive: true });
    },
  };
});

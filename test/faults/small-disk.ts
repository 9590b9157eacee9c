import { spawnSync } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A disk of a few megabytes that can be filled up and freed. */
export interface SmallDisk {
  readonly folder: string;
  /** Leaves at most this much free. */
  fill(leaveBytes?: number): Promise<void>;
  free(): Promise<void>;
  unmount(): Promise<void>;
}

/** Mounts a tmpfs, which only root may do. */
export async function mountSmallDisk(sizeMb: number): Promise<SmallDisk> {
  const folder = await mkdtemp(join(tmpdir(), 'lakehouse-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m`, 'tmpfs', folder]);
  if (mounted.status !== 0) {
    throw new Error(`This test mounts a tmpfs and must run as root: ${mounted.stderr}`);
  }
  const filler = join(folder, 'filler');
  return {
    folder,
    async fill(leaveBytes = 0) {
      const { bavail, bsize } = statfsSync(folder);
      const bytes = Buffer.alloc(Math.max(0, bavail * bsize - leaveBytes));
      // A server writes here too: when it was first, the disk is full before the filler is whole.
      await writeFile(filler, bytes).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOSPC') throw error;
      });
    },
    free: () => rm(filler, { force: true }),
    async unmount() {
      spawnSync('umount', ['-l', folder]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

import { mkdir, realpath } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { LakeError } from '../../base/index.ts';
import type { Config } from '../../config/index.ts';
import { BucketFolder } from './bucket-folder.ts';
import { storageErrors } from './errors.ts';

/** The configured buckets, each in a folder that no other bucket and no system folder shares. */
export interface Buckets {
  readonly names: readonly string[];
  readonly defaultName: string;
  /** Throws `storage.bucket_not_found`. */
  get(name: string): BucketFolder;
}

/**
 * Makes and resolves the folders of all buckets. Throws `storage.unsafe_configuration` where a folder reaches the
 * home's own files or another bucket: compared by the parts of real paths, so that `/data/b` and `/data/bb` are apart.
 */
export async function openBuckets(home: string, config: Config['storage']): Promise<Buckets> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const homeParts = partsOf(await realpath(home));
  const folders = new Map<string, BucketFolder>();
  for (const [name, { path }] of Object.entries(config.buckets)) {
    const wanted = resolve(home, path);
    await mkdir(wanted, { recursive: true, mode: 0o700 });
    const root = await realpath(wanted);
    refuseHome(name, partsOf(root), homeParts);
    for (const other of folders.values()) {
      if (isWithin(partsOf(root), partsOf(other.root)) || isWithin(partsOf(other.root), partsOf(root))) {
        throw unsafe(`The folders of the buckets "${other.name}" and "${name}" reach into each other.`);
      }
    }
    folders.set(name, new BucketFolder(name, root));
  }
  return {
    names: [...folders.keys()].sort(),
    defaultName: config.default_bucket,
    get(name) {
      const folder = folders.get(name);
      if (folder !== undefined) return folder;
      throw new LakeError(storageErrors.bucket_not_found, { detail: 'There is no bucket of this name.' });
    },
  };
}

/** The home holds the store, the warehouse, sources and spill: a bucket may lie outside it or below its `buckets/`. */
function refuseHome(name: string, root: readonly string[], home: readonly string[]): void {
  if (isWithin(home, root)) throw unsafe(`The folder of the bucket "${name}" holds the home.`);
  const isOwnPlace = root[home.length] === 'buckets' && root.length > home.length + 1;
  if (isWithin(root, home) && !isOwnPlace) {
    throw unsafe(`The folder of the bucket "${name}" lies in the home, but not below its "buckets" folder.`);
  }
}

/** Whether `inner` is `outer` or below it. */
function isWithin(inner: readonly string[], outer: readonly string[]): boolean {
  return outer.every((part, index) => inner[index] === part);
}

function partsOf(path: string): readonly string[] {
  return path.split(sep).filter((part) => part !== '');
}

function unsafe(detail: string): LakeError {
  return new LakeError(storageErrors.unsafe_configuration, { detail });
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { chmod, copyFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeEmptyFolder } from './empty-folder.ts';
import { writeFormat } from './format.ts';
import { homeLayout } from './layout.ts';

const SHIPPED = ['lakehouse.toml', 'access.toml', 'truth.toml', 'routing.toml', 'observer.toml'] as const;
/** Shipped as folders: a file for each tool, and for each prompt of a review. */
const FOLDERS = ['tools', 'prompts'] as const;

/** Of a home made inside a repository, only what people write is for its history: never keys, store and tables. */
const UNTRACKED = ['*', '!.gitignore', '!*.toml', '!tools/', '!prompts/', '!prompts/*', ''].join('\n');

/** Makes the folder of a new home with the shipped configuration. Throws what `makeEmptyFolder` throws. */
export async function makeHome(home: string): Promise<void> {
  await makeEmptyFolder(
    home,
    'The folder is not empty. Choose a new one, or start the home that is there with `lakehouse serve`.',
  );
  const inFolders = FOLDERS.map(async (folder) => {
    mkdirSync(join(home, folder), { mode: 0o700 });
    return (await readdir(join(shippedFolder(), folder))).map((file) => join(folder, file));
  });
  for (const name of [...SHIPPED, ...(await Promise.all(inFolders)).flat()]) {
    await copyFile(join(shippedFolder(), name), join(home, name));
    await chmod(join(home, name), 0o600);
  }
  writeFileSync(join(home, '.gitignore'), UNTRACKED, { mode: 0o600 });
  const layout = homeLayout(home);
  for (const folder of [
    dirname(layout.storeFile),
    layout.keys,
    layout.warehouse,
    layout.system,
    layout.spill,
  ]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  writeFormat(home);
}

/** The package's own `config/`, beside `src/` and `dist/`. */
function shippedFolder(): string {
  return fileURLToPath(new URL('../../config', import.meta.url));
}

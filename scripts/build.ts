// `npm run build`: compiles src/ to dist/, plain JavaScript for the published package, and copies what is read at run
// time. Child processes and workers find their entry by the extension of the file that starts them.
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const DIST = join(ROOT, 'dist');
/** Files that the program reads beside its code. */
const READ_AT_RUN_TIME = 'src/**/*.generated.json';

rmSync(DIST, { recursive: true, force: true });
const compiled = spawnSync(
  process.execPath,
  ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
  {
    cwd: ROOT,
    stdio: 'inherit',
  },
);
if (compiled.status !== 0) process.exit(1);
for (const file of globSync(READ_AT_RUN_TIME, { cwd: ROOT })) {
  const target = join(DIST, file.slice('src/'.length));
  cpSync(join(ROOT, file), target, { recursive: true });
}

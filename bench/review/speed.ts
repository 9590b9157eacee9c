import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CACHE } from './cache-folder.ts';
import { packageFolder } from './projects.ts';

/** TypeScript as it is published: together more than 3,500 files and 25 MB. */
const SOURCES = [
  { name: 'viem', version: '2.57.20' },
  { name: 'cloudflare', version: '7.3.0', folder: 'src' },
  { name: 'zod', version: '4.6.7', folder: 'src' },
  { name: 'openai', version: '6.49.0', folder: 'src' },
  { name: 'rxjs', version: '7.8.2', folder: 'src' },
];
const KNIP = '6.44.2';

export interface Speed {
  readonly files: number;
  readonly sizeBytes: number;
  readonly seconds: number;
  /** What the process computed; on a busy machine it waits for the rest. */
  readonly cpuSeconds: number;
  /** Of the minute before, over all cores. */
  readonly load: number;
  /** Largest resident memory of the process. */
  readonly memoryMb: number;
  readonly knipSeconds: number;
  readonly findings: number;
}

/** Time and memory of one review, in a process of its own, beside knip on the same tree. */
export function speed(): Speed {
  const tree = speedTree();
  const worker = fileURLToPath(new URL('speed-process.ts', import.meta.url));
  const [load = 0] = loadavg();
  const own = JSON.parse(execFileSync(process.execPath, [worker, tree], { encoding: 'utf8' }));
  const knip = knipFolder();
  const startedMs = performance.now();
  const done = spawnSync(
    process.execPath,
    [
      join(knip, 'node_modules/knip/bin/knip.js'),
      '--directory',
      tree,
      '--no-exit-code',
      '--no-progress',
      '--reporter',
      'json',
    ],
    {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    },
  );
  if (done.status !== 0) throw new Error(`knip failed: ${done.stderr.slice(0, 300)}`);
  return { ...own, load, knipSeconds: (performance.now() - startedMs) / 1000 };
}

function speedTree(): string {
  const tree = join(CACHE, 'speed');
  if (existsSync(join(tree, 'package.json'))) return tree;
  rmSync(tree, { recursive: true, force: true });
  for (const one of SOURCES) {
    const folder = packageFolder(one);
    for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!path.endsWith('.ts') || path.endsWith('.d.ts') || !statSync(join(folder, path)).isFile()) continue;
      const target = join(tree, 'packages', one.name, path);
      mkdirSync(dirname(target), { recursive: true });
      cpSync(join(folder, path), target);
    }
  }
  writeFileSync(
    join(tree, 'tsconfig.json'),
    '{ "compilerOptions": { "module": "nodenext", "allowImportingTsExtensions": true, "noEmit": true } }\n',
  );
  writeFileSync(
    join(tree, 'knip.json'),
    '{ "entry": ["packages/*/index.ts"], "project": ["packages/**/*.ts"] }\n',
  );
  writeFileSync(join(tree, 'package.json'), '{ "name": "speed", "private": true }\n');
  return tree;
}

function knipFolder(): string {
  const folder = join(CACHE, 'knip');
  if (!existsSync(join(folder, 'node_modules/knip'))) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    execFileSync(
      'npm',
      ['install', '--ignore-scripts', '--no-package-lock', `knip@${KNIP}`, 'typescript@5.9.3', '@types/node'],
      {
        cwd: folder,
        stdio: 'ignore',
      },
    );
  }
  readFileSync(join(folder, 'node_modules/knip/package.json'));
  return folder;
}

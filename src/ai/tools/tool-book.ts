import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, LakeError, sha256Hex } from '../../base/index.ts';
import { describeProblem, type FileProblem } from '../../config/index.ts';
import { toolErrors } from './errors.ts';
import { checkToolFile, type Tool, type ToolFileParts } from './tool-file.ts';

/** All tools of one folder, by name, and the fingerprint of the files they came from. */
export interface ToolSet {
  readonly sha256: string;
  readonly tools: ReadonlyMap<string, Tool>;
}

/** The tools in force. The folder is read at the start and again when asked to. */
export interface ToolBook {
  current(): ToolSet;
  /** Reads and checks the folder; what is in force does not change. */
  read(): Promise<ToolReading>;
  /** Puts a reading in force, unless a later one already is. */
  adopt(reading: ToolReading): void;
}

export interface ToolReading {
  readonly number: number;
  readonly set: ToolSet;
}

const MAX_FILES = 1_000;

/**
 * Opens the folder; a home without one has no tools. Throws `tools.definitions_invalid` or
 * `tools.definitions_unreadable`: a server must not start with fewer tools, or others, than its files say.
 */
export async function openToolBook(folder: string, parts: ToolFileParts): Promise<ToolBook> {
  let readings = 0;
  const read = async (): Promise<ToolReading> => {
    const number = ++readings;
    return { number, set: await checkFiles(await readFiles(folder), parts) };
  };
  let inForce = await read();
  return {
    current: () => inForce.set,
    read,
    adopt(reading) {
      if (reading.number > inForce.number) inForce = reading;
    },
  };
}

interface ToolSource {
  readonly fileName: string;
  readonly text: string;
}

async function readFiles(folder: string): Promise<readonly ToolSource[]> {
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return [];
    throw unreadable('The folder of tool files', cause);
  });
  const files = names.filter((name) => name.endsWith('.toml')).sort();
  if (files.length > MAX_FILES) {
    const detail = `The folder holds more than ${MAX_FILES} tool files. Take some away.`;
    throw new LakeError(toolErrors.definitions_invalid, { detail });
  }
  return Promise.all(
    files.map(async (fileName) => {
      const text = await readFile(join(folder, fileName), 'utf8').catch((cause: unknown) => {
        throw unreadable(`The tool file ${fileName}`, cause);
      });
      return { fileName, text };
    }),
  );
}

async function checkFiles(sources: readonly ToolSource[], parts: ToolFileParts): Promise<ToolSet> {
  const tools = new Map<string, Tool>();
  const problems: (FileProblem & { readonly file: string })[] = [];
  for (const { fileName, text } of sources) {
    const checked = await checkToolFile(text, parts);
    const found = checked.ok ? [] : checked.problems;
    problems.push(...found.map((problem) => ({ ...problem, file: fileName })));
    if (!checked.ok) continue;
    const { tool, nameLine: line } = checked;
    if (tools.has(tool.name)) {
      const message = 'A tool of another file has this name.';
      problems.push({ line, key: 'name', message, suggestion: null, file: fileName });
    }
    tools.set(tool.name, tool);
  }
  if (problems.length > 0) {
    throw new LakeError(toolErrors.definitions_invalid, {
      detail: problems.map(({ file, ...problem }) => describeProblem(file, problem)).join('\n'),
      data: { problems },
    });
  }
  const fingerprints = sources.map(({ fileName, text }) => [fileName, sha256Hex(text)]);
  return { sha256: sha256Hex(canonicalJson(fingerprints)), tools };
}

function unreadable(what: string, cause: unknown): LakeError {
  const detail = `${what} cannot be read. Make it readable, or take it away.`;
  return new LakeError(toolErrors.definitions_unreadable, { detail, cause });
}

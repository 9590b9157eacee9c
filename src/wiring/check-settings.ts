import { resolve } from 'node:path';
import { openRouting, readCatalogue } from '../ai/aibridge/index.ts';
import { openToolBook } from '../ai/tools/index.ts';
import { createLogger, isLakeError, LakeError } from '../base/index.ts';
import { configErrors, type FileProblem, type LoadedConfig, loadConfig } from '../config/index.ts';
import { MCP_TOOL_NAMES } from '../gateway/index.ts';
import { checkPolicyToml, createExpressionParser } from '../govern/access/index.ts';
import { openRuleBook } from '../govern/truth/index.ts';
import { homeLayout } from '../home/index.ts';
import { createParser } from '../lake/engine/index.ts';
import { readEscalations } from '../review/observer/index.ts';
import { readPrompts } from '../review/scrum/index.ts';
import type { HomeOptions } from './open-home.ts';
import { readPolicyFile } from './start-records.ts';

/** What a start would read of a home, found to be in order. */
export interface CheckedSettings {
  readonly loaded: LoadedConfig;
  /** The settings files beside lakehouse.toml, as the configuration names them; shipped ones are not among them. */
  readonly files: readonly string[];
}

/**
 * Reads the settings files of a home as its start does, and starts nothing. Throws `config.invalid` with the mistakes of
 * all of them in `data.problems` (file, line, key, suggestion); those of lakehouse.toml alone where it has any, since it
 * says which the others are. What only a running server knows is left to the start: tool files, whose SQL the engine
 * reads, whether the SQL of a policy compiles, whether a rule's task class is one that is judged, and whether the keys of
 * providers are there.
 */
export async function checkSettings(options: HomeOptions): Promise<CheckedSettings> {
  const { home, environment } = options;
  const loaded = loadConfig({ file: homeLayout(home).configFile, environment });
  const parser = await createParser({ log: createLogger({ level: 'silent' }) });
  try {
    const parse = (sql: string) => parser.parse(sql, AbortSignal.timeout(loaded.config.engine.timeout_ms));
    return await checkLoaded(home, loaded, parse);
  } finally {
    await parser.close();
  }
}

async function checkLoaded(
  home: string,
  loaded: LoadedConfig,
  parse: (sql: string) => Promise<string>,
): Promise<CheckedSettings> {
  const { truth, access, models, observer, scrum, tools } = loaded.config;
  const files = [truth.rules_file, access.policy_file];
  const problems: SettingsProblem[] = [];
  const check = async (file: string, read: () => unknown) => {
    try {
      await read();
    } catch (error) {
      if (!isLakeError(error)) throw error;
      problems.push({ file, error });
    }
  };
  await check(truth.rules_file, () => openRuleBook(resolve(home, truth.rules_file)));
  await check(access.policy_file, () =>
    checkPolicyToml(
      readPolicyFile(home, access.policy_file),
      access.policy_file,
      createExpressionParser(parse),
    ),
  );
  await check(tools.folder, async () => {
    const { config } = loaded;
    const parts = { parse, config, reservedNames: MCP_TOOL_NAMES };
    const book = await openToolBook(resolve(home, tools.folder), parts);
    if (book.current().tools.size > 0) files.push(tools.folder);
  });
  const { escalations_file } = observer;
  await check(escalations_file, () => {
    const { shipped } = readEscalations(escalations_file, (path) => resolve(home, path));
    if (!shipped) files.push(escalations_file);
  });
  await check(scrum.prompts_folder, () => readPrompts((name) => resolve(home, scrum.prompts_folder, name)));
  if (models.catalogue_file !== '') {
    files.push(models.catalogue_file);
    await check(models.catalogue_file, () => readCatalogue(resolve(home, models.catalogue_file)));
  }
  // Routing is read over the catalogue, and cannot be judged over one that is not valid.
  if (!problems.some(({ file }) => file === models.catalogue_file)) {
    await check(models.routing_file, () => {
      const { shipped } = openRouting(models, (path) => resolve(home, path));
      if (!shipped) files.push(models.routing_file);
    });
  }
  if (problems.length > 0) throw refusal(problems);
  return { loaded, files };
}

interface SettingsProblem {
  readonly file: string;
  readonly error: LakeError;
}

function refusal(problems: readonly SettingsProblem[]): LakeError {
  return new LakeError(configErrors.invalid, {
    detail: problems.map(({ error }) => error.detail).join('\n'),
    data: { problems: problems.flatMap(({ file, error }) => told(error).map((one) => ({ file, ...one }))) },
  });
}

/** The mistakes a refusal lists; one that lists none is itself the mistake. */
function told({ detail, data }: LakeError): readonly FileProblem[] {
  if (Array.isArray(data?.problems)) return data.problems;
  return [{ line: null, key: '', message: detail, suggestion: null }];
}

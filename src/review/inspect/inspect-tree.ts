import { readdirSync, realpathSync } from 'node:fs';
import { LakeError } from '../../base/index.ts';
import { reviewErrors } from './errors.ts';
import { byImportance, type Finding, type UnnumberedFinding, withIds } from './finding.ts';
import { type ModuleFacts, moduleFacts } from './graph/module-facts.ts';
import { linkModules } from './graph/module-graph.ts';
import { createModuleResolver } from './graph/module-resolver.ts';
import { type PackageManifest, readManifest } from './graph/package-manifests.ts';
import { RULES } from './registry.ts';
import type { Observation, Rule, RuleRun } from './rule.ts';
import { parseRust } from './rust/rust-source.ts';
import { isSettingsFile } from './settings-files.ts';
import type { SourceRole } from './source-role.ts';
import { judgeSuppressions, readSuppressions, type Suppression } from './suppressions.ts';
import { parseSource } from './syntax/parsed-source.ts';
import { addToVocabulary, emptyVocabulary, type Vocabulary } from './syntax/vocabulary.ts';
import { type TreeFiles, treeFiles } from './tree-files.ts';

/** What one inspection of a tree saw. */
export interface Inspection {
  /** The most important first; suppressed ones are left out. */
  readonly findings: readonly Finding[];
  readonly files: number;
  readonly sizeBytes: number;
  /** Rules that ran. */
  readonly rules: number;
  /** Findings that a comment with a reason keeps from being reported. */
  readonly suppressed: readonly UnnumberedFinding[];
  /** Sources that do not parse, which no rule has seen. */
  readonly unparsed: readonly string[];
}

export interface InspectOptions {
  /** Ids of the only rules to run; every rule where absent. */
  readonly rules?: readonly string[];
  /** Reports on this folder below the one that is read; on all of it where absent or empty. */
  readonly below?: string;
  readonly onProgress?: (files: number, total: number) => void;
}

/** Runs the reviewers over a folder. Throws `review.path_not_found` and `review.unknown_rule`. */
export async function inspectTree(folder: string, options: InspectOptions = {}): Promise<Inspection> {
  const rules = chosenRules(options.rules);
  const files = treeFiles(realPath(folder));
  const runs = rules.map((rule) => ({ rule, run: rule.start(), observations: [] as Observation[] }));
  const isReported = (path: string) => (options.below ?? '') === '' || path.startsWith(`${options.below}/`);
  const seen = await readSources(files, runs, options.onProgress ?? (() => {}));
  const resolve = createModuleResolver(files.root, new Set(files.paths), seen.manifests);
  const project = {
    paths: files.paths,
    modules: linkModules({ modules: seen.modules, manifests: seen.manifests, resolve }),
    vocabulary: seen.vocabulary,
    readText: files.readText,
    isMentionedElsewhere: (word: string) => seen.foreignWords.has(word),
  };
  for (const { run, observations } of runs) run.finish?.(project, (one) => void observations.push(one));
  const found = runs.flatMap(({ rule, observations }) => observations.map((one) => findingOf(rule, one)));
  const isWhole = options.rules === undefined;
  const judged = judgeSuppressions(found, seen.suppressions, isWhole);
  return {
    findings: withIds(judged.findings)
      .filter(({ path }) => isReported(path))
      .sort(byImportance),
    ...counted(seen.sources, isReported),
    rules: rules.length,
    suppressed: judged.suppressed.filter(({ path }) => isReported(path)),
    unparsed: seen.unparsed.filter(isReported),
  };
}

function counted(sources: SeenSources['sources'], isReported: (path: string) => boolean) {
  const reported = sources.filter(({ path }) => isReported(path));
  return {
    files: reported.length,
    sizeBytes: reported.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}

interface RunningRule {
  readonly rule: Rule;
  readonly run: RuleRun;
  readonly observations: Observation[];
}

interface SeenSources {
  readonly modules: Map<string, ModuleFacts & { readonly role: SourceRole }>;
  readonly manifests: PackageManifest[];
  readonly suppressions: Suppression[];
  readonly foreignWords: Set<string>;
  readonly vocabulary: Vocabulary;
  readonly unparsed: string[];
  readonly sources: { readonly path: string; readonly sizeBytes: number }[];
}

/** Reads every file once; a file's syntax tree is let go before the next is read. */
async function readSources(
  tree: TreeFiles,
  runs: readonly RunningRule[],
  onProgress: (files: number, total: number) => void,
): Promise<SeenSources> {
  const seen: SeenSources = {
    modules: new Map(),
    manifests: [],
    suppressions: [],
    foreignWords: new Set(),
    vocabulary: emptyVocabulary(),
    unparsed: [],
    sources: [],
  };
  for (const [index, path] of tree.paths.entries()) {
    readFile(path, tree, runs, seen);
    if (index % 64 !== 0) continue;
    onProgress(index, tree.paths.length);
    // Lets a progress bar draw and Ctrl-C arrive.
    await new Promise((resolve) => setImmediate(resolve));
  }
  onProgress(tree.paths.length, tree.paths.length);
  return seen;
}

function readFile(path: string, tree: TreeFiles, runs: readonly RunningRule[], seen: SeenSources): void {
  const isScript = /\.[cm]?[jt]sx?$/.test(path) && !/\.d\.[cm]?ts$/.test(path);
  const isRust = path.endsWith('.rs');
  if (!isScript && !isRust && !FOREIGN.test(path)) return;
  const text = tree.readText(path);
  if (text === null || isMinified(text)) return;
  if (path === 'package.json' || path.endsWith('/package.json')) {
    const manifest = readManifest(path, text);
    if (manifest !== null) seen.manifests.push(manifest);
    return;
  }
  if (!isScript && !isRust) {
    // What a settings file names is read only where something else names it too.
    if (!isSettingsFile(path))
      for (const [word] of text.matchAll(/[A-Za-z_$][\w$]{3,}/g)) seen.foreignWords.add(word);
    seen.suppressions.push(...readSuppressions(path, text));
    return;
  }
  seen.sources.push({ path, sizeBytes: text.length });
  if (isRust) {
    const file = parseRust(path, text);
    for (const { run, observations } of runs) run.rust?.(file, (one) => void observations.push(one));
  } else {
    const file = parseSource(path, text);
    if (file === null) {
      seen.unparsed.push(path);
      return;
    }
    seen.modules.set(path, { ...moduleFacts(file), role: file.role });
    if (file.role === 'production') addToVocabulary(seen.vocabulary, file);
    for (const { run, observations } of runs) run.source?.(file, (one) => void observations.push(one));
  }
  seen.suppressions.push(...readSuppressions(path, text));
}

/** Files that may mention a name without being parsed: templates, workflows, settings, other languages. */
const FOREIGN =
  /(?:\.(?:vue|svelte|astro|html|mdx|ya?ml|toml|json|sh|py|go|rb|graphql|prisma|sql)|(?:^|\/)(?:Dockerfile|Makefile)[\w.]*|(?:^|\/)\.env[\w.-]*)$/;

function isMinified(text: string): boolean {
  return text.length > 20_000 && text.length / text.split('\n').length > 400;
}

function findingOf(rule: Rule, observation: Observation): UnnumberedFinding {
  return {
    rule: rule.id,
    severity: observation.severity ?? rule.severity,
    ...observation.place,
    claim: observation.claim,
    remedy: observation.remedy ?? rule.remedy,
  };
}

function chosenRules(ids: readonly string[] | undefined): readonly Rule[] {
  if (ids === undefined) return RULES;
  return ids.map((id) => {
    const rule = RULES.find((one) => one.id === id);
    if (rule === undefined) {
      const known = RULES.map((one) => one.id).join(', ');
      throw new LakeError(reviewErrors.unknown_rule, {
        detail: `There is no rule ${JSON.stringify(id)}. There are: ${known}.`,
      });
    }
    return rule;
  });
}

function realPath(folder: string): string {
  try {
    const path = realpathSync(folder);
    readdirSync(path);
    return path;
  } catch (error) {
    throw new LakeError(reviewErrors.path_not_found, {
      detail: `${JSON.stringify(folder)} is no folder that can be read.`,
      cause: error,
    });
  }
}

import { type Finding, inspectTree } from '../../src/review/inspect/index.ts';
import {
  controlKinds,
  defectKinds,
  type Planted,
  type PlantingLanguage,
  type PlantingSource,
  plantingLanguageOf,
  plantingSource,
  shuffled,
} from '../../src/review/planting/index.ts';
import { type Project, writeFiles } from './projects.ts';

/** Defects of one kind in one project at most; each stands in a file of its own. */
const MOST_PER_KIND = 8;
const SMALL_FILES = 60;
const ROUNDS = 3;

/** What was planted of one rule, and what the reviewers said. */
export interface RuleScore {
  readonly rule: string;
  readonly planted: number;
  readonly found: number;
  /** New findings of the rule that speak of no planted defect, on mutants and controls. */
  readonly wrong: number;
}

export interface KindScore {
  readonly kind: string;
  readonly planted: number;
  readonly found: number;
}

export interface GroundTruth {
  readonly rules: readonly RuleScore[];
  readonly kinds: readonly KindScore[];
  readonly controls: number;
  /** Controls without a new finding. */
  readonly silent: number;
  readonly missed: readonly string[];
  readonly wrong: readonly string[];
}

/** Where defects are planted, and in which language. */
export interface TruthGround {
  readonly language: PlantingLanguage;
  readonly projects: readonly Project[];
  /** Every rule where empty. Only defects of these are planted, and only these are asked; findings of others are then not seen. */
  readonly rules: readonly string[];
}

/** Plants defects and harmless changes in every project, and asks the reviewers about each batch. */
export async function groundTruth(onStep: (text: string) => void, limits: TruthGround): Promise<GroundTruth> {
  const { language } = limits;
  const options = limits.rules.length === 0 ? {} : { rules: limits.rules };
  const planted: (Planted & {
    readonly kind: string;
    readonly project: string;
    readonly isFound: boolean;
  })[] = [];
  const wrong: { readonly finding: Finding; readonly what: string }[] = [];
  let controls = 0;
  let silent = 0;
  for (const project of limits.projects) {
    const known = new Set((await inspectTree(project.folder, options)).findings.map(({ id }) => id));
    const files = sourcesOf(project, language);
    for (const [kind, { rules }] of defectKinds(language)) {
      if (limits.rules.length > 0 && !rules.some((rule) => limits.rules.includes(rule))) continue;
      // A small project is broken several times in turn, a large one in several files at once.
      const rounds = files.length < SMALL_FILES ? ROUNDS : 1;
      for (let round = 0; round < rounds; round++) {
        const batch = onePerFile(files, (file) => file.defects(kind), round, `${project.name} ${kind}`);
        if (batch.length === 0) continue;
        const fresh = await freshFindings(project, batch, { known, options });
        const claimed = new Set<Finding>();
        for (const one of batch) {
          const hits = fresh.filter((finding) => finding.rule === one.rule && one.isMeant(finding));
          for (const finding of hits) claimed.add(finding);
          planted.push({ ...one, kind, project: project.name, isFound: hits.length > 0 });
        }
        // A defect may show in a second rule too, at its own place: that is no false alarm.
        const others = fresh.filter(
          (finding) => !claimed.has(finding) && !batch.some((one) => isConsequence(finding, one)),
        );
        wrong.push(...others.map((finding) => ({ finding, what: `${project.name}, ${kind}` })));
      }
    }
    for (const kind of controlKinds(language)) {
      const batch = onePerFile(files, (file) => controlOf(file, kind), 0, `${project.name} ${kind}`);
      if (batch.length === 0) continue;
      const fresh = await freshFindings(project, batch, { known, options });
      controls += batch.length;
      silent += batch.filter(({ path }) => !fresh.some((finding) => finding.path === path)).length;
      wrong.push(...fresh.map((finding) => ({ finding, what: `${project.name}, ${kind}` })));
    }
    onStep(`${project.name}: ${planted.filter((one) => one.project === project.name).length} planted`);
  }
  const ruleNames = [
    ...new Set([...planted.map(({ rule }) => rule), ...wrong.map(({ finding }) => finding.rule)]),
  ];
  return {
    rules: ruleNames.map((rule) => ({
      rule,
      ...counted(planted.filter((one) => one.rule === rule)),
      wrong: wrong.filter(({ finding }) => finding.rule === rule).length,
    })),
    kinds: [...defectKinds(language).keys()]
      .map((kind) => ({ kind, ...counted(planted.filter((one) => one.kind === kind)) }))
      .filter((one) => limits.rules.length === 0 || one.planted > 0),
    controls,
    silent,
    missed: planted
      .filter((one) => !one.isFound)
      .map((one) => `${one.rule}: ${one.project} ${one.path} (${one.kind})`),
    wrong: wrong.map(
      ({ finding, what }) => `${finding.rule}: ${finding.path}:${finding.line} ${finding.claim} (${what})`,
    ),
  };
}

function counted(all: readonly { readonly isFound: boolean }[]): {
  readonly planted: number;
  readonly found: number;
} {
  return { planted: all.length, found: all.filter(({ isFound }) => isFound).length };
}

/** Rules that speak of what lost its last caller or reader. */
const LEFT_OVER = ['uncalled-primitive', 'unwired-enforcement', 'unread-configuration', 'ignored-input'];

/** Whether a finding is true because of the change, though not what the change was for: a body cut out called others. */
function isConsequence(finding: Finding, one: Planted): boolean {
  if (finding.rule === one.rule && one.isMeant(finding)) return true;
  return CUTS_CODE.includes(one.rule) && LEFT_OVER.includes(finding.rule);
}

const CUTS_CODE = [
  'ignored-input',
  'unreferenced-stub',
  'uncalled-primitive',
  'unwired-enforcement',
  'unsafe-compare',
];

/** The files of a language that users run. */
function sourcesOf(project: Project, language: PlantingLanguage): readonly PlantingSource[] {
  return [...project.files].flatMap(([path, text]) => {
    if (plantingLanguageOf(path) !== language) return [];
    // Examples and benchmarks are not what users run, and JavaScript beside its TypeScript was made of it.
    if (/(?:^|\/)(?:examples?|benchmarks?|benches)\/|\.(?:fixture|contract)\./.test(path)) return [];
    if (project.files.has(path.replace(/js$/, 'ts')) && path.endsWith('js')) return [];
    return plantingSource(project, path, text) ?? [];
  });
}

function controlOf(file: PlantingSource, kind: string): readonly Planted[] {
  const text = file.control(kind);
  return text === null ? [] : [{ rule: '', path: file.path, text, isMeant: () => false }];
}

function onePerFile(
  files: readonly PlantingSource[],
  plant: (file: PlantingSource) => readonly Planted[],
  round: number,
  seed: string,
): readonly Planted[] {
  const chosen: Planted[] = [];
  for (const file of shuffled(files, ({ path }) => `${seed} ${path}`)) {
    const one = shuffled(plant(file), ({ text }) => text)[round];
    if (one !== undefined) chosen.push(one);
    if (chosen.length === MOST_PER_KIND) break;
  }
  return chosen;
}

/** The findings that the changed files bring; the project is as before afterwards. */
async function freshFindings(
  project: Project,
  batch: readonly Planted[],
  {
    known,
    options,
  }: { readonly known: ReadonlySet<string>; readonly options: { readonly rules?: readonly string[] } },
): Promise<readonly Finding[]> {
  writeFiles(project, new Map(batch.map(({ path, text }) => [path, text])));
  const { findings } = await inspectTree(project.folder, options);
  writeFiles(project, new Map(batch.map(({ path }) => [path, project.files.get(path) ?? ''])));
  const broken = batch.filter(({ path, text }) => plantingSource(project, path, text) === null);
  if (broken.length > 0) throw new Error(`${project.name}: ${broken[0]?.path} does not parse any more.`);
  return findings.filter(({ id }) => !known.has(id));
}

import { sha256Hex } from '../../base/index.ts';
import { type ReadingCase, readingCases } from '../../review/planting/index.ts';
import { packedSha256 } from '../../review/scrum/index.ts';
import type { CliContext } from '../cli-context.ts';
import { CliFailure, usageFailure } from '../cli-failure.ts';
import { connect, type RemoteOptions } from '../connection.ts';
import { displayText } from '../display-text.ts';
import { counted } from '../human-text.ts';
import { humanUsd } from '../money.ts';
import { startProgressBar } from '../progress-bar.ts';
import { show } from '../show.ts';
import { renderCalibration } from './calibration-view.ts';
import { packFile } from './file-request.ts';
import { createIterationClient, type IterationClient, type ReadCase } from './iteration-client.ts';
import { type ReviewedTree, stateOf } from './reviewed-tree.ts';
import type { RunSettings } from './run-iteration.ts';
import { promptOf, readTree } from './scrum-run.ts';

export interface ScrumCalibrateOptions extends RemoteOptions {
  readonly defects: number;
  readonly seed: number;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly repository?: string;
  readonly prompt?: RunSettings['prompt'];
  readonly ladder: string;
  readonly parallel: number;
}

/** With as many controls, the cases that a server takes. */
const MOST_DEFECTS = 500;

/** `scrum calibrate`: plants in copies here, has them read there, publishes what came of it. */
export async function scrumCalibrate(
  context: CliContext,
  path: string,
  options: ScrumCalibrateOptions,
): Promise<void> {
  const { defects, seed, ladder } = options;
  if (defects < 1 || defects > MOST_DEFECTS)
    throw usageFailure(`--defects must be 1 to ${MOST_DEFECTS}: as many controls are read besides.`);
  const api = connect(context, options);
  const tree = await readTree(context, path, { ...options, language: [], role: [] });
  for (const note of tree.notes) context.terminal.note(displayText(note));
  const planted = plantedCases(tree, { defects, seed });
  const found = planted.length / 2;
  if (found === 0)
    throw usageFailure(
      'No defect can be planted: that needs functions of TypeScript or JavaScript to break.',
    );
  if (found < defects)
    context.terminal.note(`The files have room for ${counted(found, 'defect')} and as many clean controls.`);
  const calibration = {
    repository: tree.repository,
    commit: stateOf(tree),
    prompt: promptOf(context, options),
    ladder,
    cases: planted.length,
    plan_sha256: planSha256(planted),
  };
  const client = createIterationClient(api, context.interrupted, (seconds, detail) =>
    context.terminal.note(`${displayText(detail)} Sent again in ${seconds} s.`),
  );
  await readCases(context, client, { calibration, planted, parallel: Math.max(1, options.parallel) });
  const published = await client.publishCalibration(calibration);
  show(context, options, { seed, defects: found, ...published }, (shown) =>
    renderCalibration(shown, context.terminal),
  );
}

/** What is sent of a case. */
type CaseRequest = ReturnType<typeof packFile> & Pick<ReadingCase, 'changed' | 'planted'>;

function plantedCases(
  tree: ReviewedTree,
  wanted: { readonly defects: number; readonly seed: number },
): readonly CaseRequest[] {
  const files = new Map(tree.files.map((file) => [file.path, file]));
  const texts = new Map(tree.files.map(({ path, text }) => [path, text]));
  const cases = readingCases({ name: tree.repository, files: texts }, [...files.keys()], wanted);
  return cases.flatMap(({ path, text, changed, planted }) => {
    const file = files.get(path);
    return file === undefined ? [] : [{ ...packFile(tree, { ...file, text }), changed, planted }];
  });
}

function planSha256(cases: readonly CaseRequest[]): string {
  return sha256Hex(
    JSON.stringify(cases.map(({ changed, planted, ...packed }) => [packedSha256(packed), changed, planted])),
  );
}

/** Several at a time. The first failure ends it; the server keeps what was read. */
async function readCases(
  context: CliContext,
  client: IterationClient,
  work: { readonly calibration: object; readonly planted: readonly CaseRequest[]; readonly parallel: number },
): Promise<void> {
  const { calibration, planted, parallel } = work;
  const bar = startProgressBar(context.terminal, 'calibration', planted.length, 'count');
  const answers: ReadCase[] = [];
  const waiting = [...planted];
  const failures: unknown[] = [];
  const takeCases = async () => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      try {
        answers.push(await client.readCase({ ...calibration, ...one }));
      } catch (error) {
        failures.push(error);
        waiting.length = 0;
        return;
      }
      const readings = answers.flatMap((answer) => (answer.read ? answer.readings : []));
      const costUsd = readings.reduce((sum, { cost_usd: cost }) => sum + cost, 0);
      bar.advance(answers.length, humanUsd(costUsd));
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(parallel, planted.length) }, takeCases));
  } finally {
    bar.stop();
  }
  if (failures.length === 0) return;
  const [error] = failures;
  const kept =
    `${answers.length} of ${counted(planted.length, 'case')} were read and are kept: ` +
    'the same command goes on with the others.';
  if (!(error instanceof CliFailure)) {
    context.terminal.note(kept);
    throw error;
  }
  throw new CliFailure(error.exitCode, { ...error.facts, detail: `${error.facts.detail}\n${kept}` }, error);
}

import type { Clock, IdGenerator } from '../../base/index.ts';
import type { AnyOperation, DatasetFacts, HttpRoute, ResolveScope } from '../../govern/scope/index.ts';
import type { MetastoreReader } from '../../metastore/index.ts';
import { createIterationRecords } from './iteration-records.ts';
import { askNextModel } from './operations/ask-next-model.ts';
import { calibrateModels } from './operations/calibrate-models.ts';
import { finishIteration } from './operations/finish-iteration.ts';
import { getSuggestion } from './operations/get-suggestion.ts';
import { getIteration, listIterations } from './operations/list-iterations.ts';
import { nameGoneFiles } from './operations/name-gone-files.ts';
import { listOverrides, removeOverride, setOverride } from './operations/overrides.ts';
import { publishCalibration } from './operations/publish-calibration.ts';
import { recordTrial } from './operations/record-trial.ts';
import { diffIterations, planFixWave, reportIteration } from './operations/report-iteration.ts';
import { reviewOneFile } from './operations/review-one-file.ts';
import { startIteration } from './operations/start-iteration.ts';
import { type Forgetting, forgetOld } from './retention.ts';
import { readPrompts } from './review-prompts.ts';
import { scrumRoutes } from './routes.ts';
import type { ScrumNews } from './scrum-news.ts';

export interface ScrumOptions {
  /** An absolute path of a prompt file by its name. */
  readonly promptFile: (name: string) => string;
  readonly retentionDays: number;
  readonly reader: MetastoreReader;
  /** What the catalog knows of a dataset; null where there is none. */
  readonly datasetFacts: (scope: ResolveScope, name: string) => Promise<DatasetFacts | null>;
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly random: (sizeBytes: number) => Uint8Array;
  /** Told of what is kept; never throws and never waits. */
  readonly tell: (news: ScrumNews) => void;
}

/** The room as main sees it. */
export interface Scrum {
  readonly operations: readonly AnyOperation[];
  readonly routes: readonly HttpRoute[];
  /** What forgets suggestions, trials, calibrations, expired overrides and abandoned iterations past their days; null for none. */
  retention(): Promise<Forgetting | null>;
}

/** Throws `scrum.prompt_invalid` and `scrum.prompt_unreadable`. */
export function createScrum(options: ScrumOptions): Scrum {
  const prompts = readPrompts(options.promptFile);
  const parts = { ...options, prompts, records: createIterationRecords(options.reader) };
  return {
    operations: [
      startIteration(parts),
      reviewOneFile(parts),
      askNextModel(parts),
      nameGoneFiles(parts),
      finishIteration(parts),
      listIterations(parts),
      getIteration(parts),
      reportIteration(parts),
      diffIterations(parts),
      planFixWave(parts),
      getSuggestion(parts),
      recordTrial(parts),
      calibrateModels(parts),
      publishCalibration(parts),
      listOverrides(parts),
      setOverride(parts),
      removeOverride(parts),
    ],
    routes: scrumRoutes,
    retention: () => forgetOld(options.reader, options.retentionDays, options.clock.nowMs()),
  };
}

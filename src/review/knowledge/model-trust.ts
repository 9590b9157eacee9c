import { type AttemptRow, isCalibrationOutcome } from './attempt-row.ts';

/** A Beta distribution over a probability, from a uniform prior and counted outcomes. */
export interface Posterior {
  readonly successes: number;
  readonly failures: number;
  /** The probability that the next outcome is a success: (successes + 1) / (all + 2). */
  readonly mean: number;
  readonly deviation: number;
}

/** What is known of a model by what it did; what it says of itself has no part in it. */
export interface ModelTrust {
  readonly model: string;
  /** Whether its answers can be accepted: parsed, complete, citing lines that exist. */
  readonly answers: Posterior;
  /** Whether what it reads is so: planted defects caught, against those missed and clean controls accused. */
  readonly readings: Posterior;
  readonly caught: number;
  readonly missed: number;
  readonly false_alarms: number;
  /** The probability that its next answer can be accepted and is right. */
  readonly trust: number;
}

/** Of every model of the attempts, by name. */
export function modelTrust(attempts: readonly AttemptRow[]): readonly ModelTrust[] {
  const byModel = Map.groupBy(attempts, ({ model }) => model);
  return [...byModel]
    .map(([model, rows]) => trustOf(model, rows))
    .sort((a, b) => (a.model < b.model ? -1 : 1));
}

/** The trust of one model; of one without attempts, that of the prior. */
export function trustIn(model: string | null, trusts: readonly ModelTrust[]): ModelTrust {
  return trusts.find((one) => one.model === model) ?? trustOf(model ?? '', []);
}

/**
 * How sure a reading that was accepted may be called: only planted defects tell, so that a model that never read one
 * has 0.5.
 */
export function calibratedConfidence(model: string | null, trusts: readonly ModelTrust[]): number {
  return trustIn(model, trusts).readings.mean;
}

function trustOf(model: string, rows: readonly AttemptRow[]): ModelTrust {
  const count = (outcome: AttemptRow['outcome']) => rows.filter((row) => row.outcome === outcome).length;
  const [caught, missed, falseAlarms] = [count('caught'), count('missed'), count('false_alarm')];
  const tried = rows.filter(({ outcome }) => isCalibrationOutcome(outcome));
  // Only an acceptable answer was held to what was planted; counts that were imported have no answer.
  const accepted = count('accepted') + tried.filter((row) => row.output_format !== null).length;
  // A provider that was down says nothing of its model.
  const refused = rows.length - tried.length - count('accepted') - count('failed');
  const answers = posterior(accepted, refused);
  const readings = posterior(caught, missed + falseAlarms);
  return {
    model,
    answers,
    readings,
    caught,
    missed,
    false_alarms: falseAlarms,
    trust: answers.mean * readings.mean,
  };
}

function posterior(successes: number, failures: number): Posterior {
  const [alpha, beta] = [successes + 1, failures + 1];
  const all = alpha + beta;
  return {
    successes,
    failures,
    mean: alpha / all,
    deviation: Math.sqrt((alpha * beta) / (all * all * (all + 1))),
  };
}

import { setTimeout as pause } from 'node:timers/promises';
import { sha256Hex } from '../../base/index.ts';
import type { ApiClient, ApiRequest } from '../api-client.ts';
import { CliFailure } from '../cli-failure.ts';
import { type IterationStatus, iterationPath, type ReviewedRow } from './iteration-reference.ts';

/** A finding of an earlier iteration that is still open. */
export interface OpenFinding {
  readonly finding_id: string;
  readonly path: string;
  readonly rule: string;
  readonly symbol: string;
  readonly claim: string;
  readonly severity: string;
  readonly line: number | null;
  readonly state: string;
  readonly anchor_hash: string | null;
  readonly check_kind: 'rule' | 'test' | null;
  readonly check_name: string | null;
}

export interface StartedIteration {
  readonly iteration_id: string;
  readonly number: number;
  /** An unfinished iteration goes on. */
  readonly continued: boolean;
  readonly reusable: readonly { readonly path: string; readonly packed_sha256: string }[];
  readonly findings: readonly OpenFinding[];
}

export interface Suggestion {
  readonly suggestion_id: string;
  readonly path: string;
  readonly finding_id: string | null;
  readonly summary: string;
  readonly signature: string;
  readonly first_lines: string;
  readonly test_to_update: string;
  readonly new_test: string;
  readonly diff: string | null;
  readonly tier: string;
  readonly tier_reasons: readonly string[];
}

export interface FileAnswer {
  readonly row: ReviewedRow;
  readonly suggestions: readonly Suggestion[];
  readonly reviewed: boolean;
}

export interface FinishedIteration {
  readonly iteration_id: string;
  readonly number: number;
  readonly reviews: number;
  readonly findings: number;
  readonly attempts: number;
}

/** What the models of a ladder made of a planted defect or a clean control. */
export interface ReadCase {
  readonly readings: readonly {
    readonly model: string;
    readonly outcome: string;
    readonly cost_usd: number;
  }[];
  readonly read: boolean;
}

interface Standing {
  readonly trust: number;
  readonly confidence: number;
}

export interface PublishedCalibration {
  readonly calibration_id: string;
  readonly cases: number;
  readonly models: readonly {
    readonly model: string;
    readonly caught: number;
    readonly missed: number;
    readonly false_alarms: number;
    readonly cleared: number;
    readonly unread: number;
    readonly cost_usd: number;
    readonly before: Standing;
    readonly after: Standing;
  }[];
  readonly published: boolean;
}

/** The review loop over HTTP, as one run uses it; what is refused for now is waited for and sent again. */
export interface IterationClient {
  start(json: unknown): Promise<StartedIteration>;
  /** Names files that the commit holds no more. */
  nameGone(
    iterationId: string,
    json: { readonly commit: string; readonly paths: readonly string[] },
  ): Promise<unknown>;
  /** `after` is the row that is to be asked for again; empty where there is none. */
  reviewFile(iterationId: string, json: unknown, after: string): Promise<FileAnswer>;
  /** The rows that an iteration has so far. */
  rows(iterationId: string): Promise<readonly ReviewedRow[]>;
  finish(iterationId: string): Promise<FinishedIteration>;
  /** Has one planted defect or clean control read. */
  readCase(json: unknown): Promise<ReadCase>;
  /** Publishes a calibration whose every case is read. */
  publishCalibration(json: unknown): Promise<PublishedCalibration>;
}

export function createIterationClient(
  api: ApiClient,
  signal: AbortSignal,
  /** Told of each wait. */
  onWait: (seconds: number, detail: string) => void,
): IterationClient {
  const send = async <T>(request: ApiRequest): Promise<T> => {
    let unknown = 0;
    for (;;) {
      try {
        return (await api.json<T>({ ...request, signal })).value;
      } catch (error) {
        if (!(error instanceof CliFailure)) throw error;
        if (error.facts.code === OUTCOME_UNKNOWN) unknown += 1;
        const seconds = unknown > MOST_UNKNOWN ? null : waitOf(error);
        if (seconds === null) throw error;
        onWait(seconds, error.facts.detail);
        await pause(seconds * 1_000, undefined, { signal });
      }
    }
  };
  return {
    start: (json) => send({ method: 'POST', path: '/scrum/iterations', json }),
    rows: async (iterationId) => {
      const path = iterationPath(iterationId);
      const { rows } = await send<IterationStatus>({ method: 'GET', path, query: { rows: true } });
      return rows ?? [];
    },
    reviewFile: (iterationId, json, after) =>
      send({
        method: 'POST',
        path: `${iterationPath(iterationId)}/files`,
        json,
        // One key for one file of one iteration: a run that begins again does not have it reviewed twice.
        headers: { 'idempotency-key': `${iterationId}.${sha256Hex(JSON.stringify([json, after]))}` },
      }),
    nameGone: (iterationId, json) =>
      send({ method: 'POST', path: `${iterationPath(iterationId)}/gone`, json }),
    finish: (iterationId) =>
      send({
        method: 'POST',
        path: `${iterationPath(iterationId)}/finish`,
        headers: { 'idempotency-key': `${iterationId}.finish` },
      }),
    readCase: (json) =>
      send({
        method: 'POST',
        path: '/scrum/calibrations',
        json,
        headers: { 'idempotency-key': `case.${sha256Hex(JSON.stringify(json))}` },
      }),
    publishCalibration: (json) => send({ method: 'POST', path: '/scrum/calibrations/finish', json }),
  };
}

/** The server asks for the same request again, which under its key has one effect. */
const OUTCOME_UNKNOWN = 'metastore.outcome_unknown';
const MOST_UNKNOWN = 5;

/** Seconds until a request may come again: too much for now, still under way from an earlier run, or not known to be. */
function waitOf({ facts }: CliFailure): number | null {
  const isForNow =
    facts.status === 429 || facts.code === 'door.idempotency_in_flight' || facts.code === OUTCOME_UNKNOWN;
  if (!isForNow) return null;
  return typeof facts.retry_after_s === 'number' ? Math.max(1, Math.ceil(facts.retry_after_s)) : 1;
}

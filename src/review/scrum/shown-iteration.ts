import type { z } from 'zod';
import type { ScrumIterationRow } from '../../metastore/tables/scrum.ts';
import { countsOf, type IterationCounts, type IterationRecords } from './iteration-records.ts';
import { ITERATION_STATES, PROMPTS, type shownIteration } from './iteration-schema.ts';
import { callsWithoutRow } from './kept-call.ts';

type Shown = z.output<typeof shownIteration>;

const NONE: IterationCounts = { done: 0, reused: 0, noVerdict: 0, costNanoUsd: 0 };

/** Iterations as they are shown, with the progress of those that run. */
export function shownIterations(
  records: IterationRecords,
  rows: readonly ScrumIterationRow[],
): Promise<Shown[]> {
  return Promise.all(
    rows.map(async (row) => {
      const isRunning = row.state === 'running';
      const kept: IterationCounts = row.summary_json === null ? NONE : JSON.parse(row.summary_json);
      const counts = isRunning ? await countsNow(records, row.iteration_id) : kept;
      const total = isRunning ? (await records.files(row.iteration_id)).length : counts.done;
      return shown(row, counts, total);
    }),
  );
}

async function countsNow(records: IterationRecords, id: string): Promise<IterationCounts> {
  const [rows, calls] = [await records.rows(id), await records.calls(id)];
  return countsOf(rows, callsWithoutRow(calls, rows));
}

function shown(row: ScrumIterationRow, counts: IterationCounts, total: number): Shown {
  const timeOf = (ms: number | null) => (ms === null ? null : new Date(Number(ms)).toISOString());
  return {
    iteration_id: row.iteration_id,
    number: Number(row.number),
    repository: row.repository,
    commit: row.commit_id,
    prompt: PROMPTS.find((name) => name === row.prompt) ?? 'soft',
    prompt_hash: row.prompt_hash,
    ladder: row.ladder,
    replicates: Number(row.replicates),
    state: ITERATION_STATES.find((state) => state === row.state) ?? 'abandoned',
    files_total: total,
    files_done: counts.done,
    files_reused: counts.reused,
    no_verdict: counts.noVerdict,
    cost_usd: counts.costNanoUsd / 1e9,
    identity: row.identity,
    started_at: timeOf(row.started_ms) ?? '',
    finished_at: timeOf(row.finished_ms),
  };
}

import { CITIES, REGIONS, SKILLS } from './candidates.ts';
import { createDraw, date } from './draw.ts';

const JOBS = 60;
/** Placements of each job, so that every region has some. */
const PLACEMENTS_PER_JOB = 8;
/** Keeps these rows apart from the candidates', which are drawn by their own ids. */
const SEED = 7_000_000;

/** The jobs of the invented staffing company, as CSV. */
export async function* jobsFile(): AsyncGenerator<Uint8Array> {
  let text = 'id,title,skill,region,city,min_years,status,opened_on\n';
  for (let id = 1; id <= JOBS; id++) {
    const draw = createDraw(SEED + id);
    const region = draw.of(REGIONS);
    const city = draw.of(CITIES[region]);
    const skill = draw.of(SKILLS);
    const status = draw.below(3) === 0 ? 'filled' : 'open';
    text += `${id},${skill} in ${city},${skill},${region},${city},${draw.below(12)},${status},${date(2026, draw)}\n`;
  }
  yield Buffer.from(text);
}

/** Who of the candidates 1 … `candidates` was placed in which job, as CSV. */
export async function* placementsFile(candidates: number): AsyncGenerator<Uint8Array> {
  let text = 'id,job_id,candidate_id,started_on,ended_on\n';
  for (let id = 1; id <= JOBS * PLACEMENTS_PER_JOB; id++) {
    const draw = createDraw(2 * SEED + id);
    // The first is of the candidate that every caller of the demo sees.
    const candidateId = id === 1 ? 1 : 1 + draw.below(candidates);
    const ended = draw.below(2) === 0 ? '' : date(2026, draw);
    const jobId = 1 + Math.floor((id - 1) / PLACEMENTS_PER_JOB);
    text += `${id},${jobId},${candidateId},${date(2025, draw)},${ended}\n`;
  }
  yield Buffer.from(text);
}

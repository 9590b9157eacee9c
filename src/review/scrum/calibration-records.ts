import { canonicalJson, type Statement, sha256Hex } from '../../base/index.ts';
import { type MetastoreReader, statement } from '../../metastore/index.ts';
import type { ScrumCalibrationCaseRow } from '../../metastore/tables/scrum.ts';
import type { AttemptRow } from '../knowledge/index.ts';
import type { CaseInput, PublishInput } from './calibration-schema.ts';
import { PARSER_VERSION } from './model-answer/parse-answer.ts';
import { packedSha256 } from './packed-input.ts';
import type { ReviewPrompt } from './review-prompts.ts';

/** The id of a calibration, by what makes it: run again, it is the same one and counts nothing twice. */
export function calibrationIdOf(input: PublishInput, prompt: ReviewPrompt): string {
  const { repository, commit, ladder, cases, plan_sha256: plan } = input;
  const made = { repository, commit, ladder, cases, plan, prompt: prompt.sha256, parser: PARSER_VERSION };
  return `calibration:${sha256Hex(canonicalJson(made)).slice(0, 32)}`;
}

export function caseSha256(input: CaseInput): string {
  const { changed, planted } = input;
  const ranges = changed.map(({ first_line, last_line }) => [first_line, last_line]);
  return sha256Hex(canonicalJson({ packed: packedSha256(input), ranges, planted }));
}

/** The cases of a calibration that were read, in the order of their hashes. */
export function readCases(
  reader: MetastoreReader,
  calibrationId: string,
): Promise<readonly ScrumCalibrationCaseRow[]> {
  return reader.read(
    reader.queries
      .selectFrom('scrum_calibration_cases')
      .selectAll()
      .where('calibration_id', '=', calibrationId)
      .orderBy('case_sha256'),
  );
}

export function insertCase({ queries }: MetastoreReader, row: ScrumCalibrationCaseRow): Statement {
  return statement(queries.insertInto('scrum_calibration_cases').values(row), {
    rows: 1,
    refusal: 'case_taken',
  });
}

/** Marks cases as published; of one that is already, or is none, the commit is refused (`case_published`). */
export function markPublished(
  { queries }: MetastoreReader,
  calibrationId: string,
  hashes: readonly string[],
): Statement {
  const update = queries
    .updateTable('scrum_calibration_cases')
    .set({ published: 1 })
    .where('calibration_id', '=', calibrationId)
    .where('case_sha256', 'in', [...hashes])
    .where('published', '=', 0);
  return statement(update, { rows: hashes.length, refusal: 'case_published' });
}

export function caseAttempts(row: ScrumCalibrationCaseRow): readonly AttemptRow[] {
  const attempts: readonly AttemptRow[] = JSON.parse(row.attempts_json);
  return attempts;
}

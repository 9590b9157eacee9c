import type { FindingRow } from '../knowledge/index.ts';
import type { FileOutput } from './file-schema.ts';
import type { PendingReview } from './iteration-records.ts';
import type { Attempt } from './review-passes.ts';

/** A row as it is shown: without what the iteration says of all of them. */
export function shownReview(review: PendingReview): FileOutput['row'] {
  const {
    schema_version: _version,
    repository: _repository,
    commit: _commit,
    content_hash: _content,
    iteration_id: _id,
    iteration: _number,
    prompt: _prompt,
    prompt_hash: _hash,
    parser_version: _parser,
    replicates: _replicates,
    ...shown
  } = review;
  return shown;
}

export function shownFindings(findings: readonly FindingRow[]): FileOutput['findings'] {
  return findings.map(({ finding_id, rule, symbol, claim, severity, line, state, evidence }) => ({
    ...{ finding_id, rule, symbol, claim, severity, line, state, evidence },
  }));
}

export function shownAttempts(attempts: readonly Attempt[]): FileOutput['attempts'] {
  return attempts.map(({ model, rung, pass, replicate, outcome }) => ({
    ...{ model, rung, pass, replicate, outcome },
  }));
}

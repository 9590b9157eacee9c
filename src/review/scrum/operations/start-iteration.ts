import type { z } from 'zod';
import {
  type Clock,
  type IdGenerator,
  type JsonObject,
  type Statement,
  sha256Hex,
} from '../../../base/index.ts';
import {
  type Invocation,
  identityLabel,
  type MutationAttempt,
  mutationOperation,
  nothingToJudge,
  permissionRule,
  type WriteScope,
} from '../../../govern/scope/index.ts';
import { type MetastoreReader, statement } from '../../../metastore/index.ts';
import type { ScrumFileRow, ScrumIterationRow, ScrumSubjectRow } from '../../../metastore/tables/scrum.ts';
import {
  type FindingRow,
  findingLives,
  modelTrust,
  type PermissionOverride,
  type PermissionSubject,
  permissionFor,
  type ReviewRow,
  trustIn,
} from '../../knowledge/index.ts';
import { type IterationRecords, iterationFacts, pendingReview } from '../iteration-records.ts';
import { type StartInput, startInput, startOutput } from '../iteration-schema.ts';
import { insertFiles, insertRows, insertSubjects, rowToInsert } from '../iteration-statements.ts';
import { attemptsOf, ensureDatasets, publishedIterations, readKnowledge } from '../knowledge-base.ts';
import { PARSER_VERSION } from '../model-answer/parse-answer.ts';
import { ladderRungs } from '../model-ladder.ts';
import type { ReviewPrompts } from '../review-prompts.ts';

type Output = z.output<typeof startOutput>;

export interface StartParts {
  readonly reader: MetastoreReader;
  readonly records: IterationRecords;
  readonly prompts: ReviewPrompts;
  readonly clock: Clock;
  readonly ids: IdGenerator;
}

/** `scrum.start`: begins an iteration, or goes on with the one that was not finished. */
export function startIteration(parts: StartParts) {
  return mutationOperation<StartInput, Output, null>({
    name: 'scrum.start',
    summary: 'Start a review iteration',
    description:
      'Declares the files of a repository to be reviewed. An unfinished iteration of the same repository, prompt, ladder ' +
      'and replicates goes on (200); rows of files that did not change since are kept. A file whose packed input is ' +
      'unchanged under the same bar keeps the row of the earlier iteration and is not asked again.',
    input: startInput,
    output: startOutput,
    access: permissionRule('review.write'),
    truth: nothingToJudge('Names and hashes of files make no claim.'),
    async prepare(scope, input, { nested }) {
      scope.requirePermission('review.write');
      await ensureDatasets(nested);
      await endPublished(parts, input, nested);
      const known = await knowledgeAtStart(parts, input, nested);
      return {
        async attempt() {
          const running = await parts.records.running(input);
          const isSame =
            running !== null &&
            running.prompt_hash === known.promptHash &&
            running.parser_version === PARSER_VERSION;
          if (running !== null && isSame && !input.fresh) return goOn(parts, input, running, known.findings);
          return begin(parts, scope, input, { ...known, abandoned: running });
        },
      };
    },
  });
}

/**
 * Ends an unfinished iteration whose publication had begun when something broke it off: it was whole then, and must not
 * take other rows now.
 */
async function endPublished(
  { records }: StartParts,
  input: StartInput,
  nested: Invocation<unknown>['nested'],
): Promise<void> {
  const running = await records.running(input);
  if (running === null) return;
  const id = running.iteration_id;
  const published = await readKnowledge(nested, 'reviews', 'iteration_id = $id', { id });
  if (published.length > 0) await nested('scrum.finish', { iteration_id: id });
}

/** What the iteration is compared with, read once: a later finish must not see more. */
interface KnownAtStart {
  readonly promptHash: string;
  readonly iterationIds: readonly string[];
  /** The highest number of an iteration that was run elsewhere; 0 where there is none. */
  readonly lastImported: number;
  readonly findings: readonly FindingRow[];
  /** The newest row of each file under the same bar but for the model. */
  readonly reviews: ReadonlyMap<string, ReviewRow>;
  readonly trust: Readonly<Record<string, number>>;
}

async function knowledgeAtStart(
  { records, prompts }: StartParts,
  input: StartInput,
  nested: Invocation<unknown>['nested'],
): Promise<KnownAtStart> {
  const { repository, ladder, replicates } = input;
  const promptHash = prompts[input.prompt].sha256;
  const own = (await records.finished(repository)).map(({ iteration_id: id }) => id);
  const isOwn = new Set(own);
  // What was imported is history as well; what runs here, or was given up, is not.
  const ours = new Set(await records.iterationIds(repository));
  const imported = (await publishedIterations(nested, repository)).filter(
    ({ iteration_id: id }) => !ours.has(id),
  );
  const iterationIds = [...own, ...new Set(imported.map(({ iteration_id: id }) => id))];
  const isKnown = new Set(iterationIds);
  const rungs = await ladderRungs(nested, ladder, 0);
  const models = new Set(rungs.map(({ model }) => model));
  const findings = await readKnowledge(nested, 'findings', 'repository = $repository', { repository });
  const sameBar = 'prompt_hash = $hash AND parser_version = $parser AND replicates = $replicates';
  const rows = await readKnowledge(nested, 'reviews', `repository = $repository AND ${sameBar}`, {
    ...{ repository, replicates },
    ...{ hash: promptHash, parser: PARSER_VERSION },
  });
  const reviews = new Map<string, ReviewRow>();
  for (const row of rows.filter(
    ({ model, verdict }) => verdict !== 'no_verdict' && models.has(model ?? ''),
  )) {
    const other = reviews.get(row.path);
    if (isOwn.has(row.iteration_id) && (other === undefined || other.iteration < row.iteration))
      reviews.set(row.path, row);
  }
  const trusts = modelTrust(await attemptsOf(nested, [...models]));
  return {
    promptHash,
    iterationIds,
    lastImported: Math.max(0, ...imported.map(({ iteration }) => iteration)),
    findings: findings.filter(({ iteration_id: id }) => isKnown.has(id)),
    reviews,
    trust: Object.fromEntries([...models].map((model) => [model, trustIn(model, trusts).trust])),
  };
}

/** The unfinished iteration, over the files as they are now: rows of files that changed since are dropped. */
async function goOn(
  parts: StartParts,
  input: StartInput,
  running: ScrumIterationRow,
  findings: readonly FindingRow[],
): Promise<MutationAttempt<Output>> {
  const { records, reader } = parts;
  const id = running.iteration_id;
  const [declared, rows] = [await records.files(id), await records.rows(id)];
  const files = filesOf(id, input);
  const packed = new Map(files.map((file) => [file.path, file.packed_sha256]));
  const stale = rows.filter((row) => pendingReview(row).packed_hash !== packed.get(row.path));
  const kept = rows.filter((row) => !stale.includes(row) && row.verdict !== 'no_verdict');
  const isUnchanged =
    hashOf(declared) === hashOf(files) &&
    running.commit_id === input.commit &&
    running.proposal_sha256 === input.proposal_sha256;
  const knownIds: readonly string[] = JSON.parse(running.known_json);
  const output = (eventId: string | null) =>
    startedOutput(
      running,
      findings.filter((row) => knownIds.includes(row.iteration_id)),
      {
        continued: true,
        reusable: kept.map((row) => ({ path: row.path, packed_sha256: packed.get(row.path) ?? '' })),
        journal_event_id: eventId,
      },
    );
  if (isUnchanged) return { statements: [], event: null, output };
  const { queries } = reader;
  const update = queries
    .updateTable('scrum_iterations')
    .set({ commit_id: input.commit, proposal_sha256: input.proposal_sha256, gone_json: '[]' })
    .where('iteration_id', '=', id)
    .where('state', '=', 'running');
  const removeRow = (path: string) =>
    statement(queries.deleteFrom('scrum_rows').where('iteration_id', '=', id).where('path', '=', path));
  return {
    statements: [
      statement(update, { rows: 1, refusal: 'iteration_running' }),
      statement(queries.deleteFrom('scrum_files').where('iteration_id', '=', id)),
      ...insertFiles(reader, files),
      ...stale.map(({ path }) => removeRow(path)),
    ],
    event: {
      action: 'scrum.iteration_continued',
      subject: `scrum:${id}`,
      data: {
        ...iterationFacts({ ...running, commit_id: input.commit }),
        files: files.length,
        dropped: stale.length,
      },
    },
    output,
  };
}

async function begin(
  parts: StartParts,
  scope: WriteScope,
  input: StartInput,
  known: KnownAtStart & { readonly abandoned: ScrumIterationRow | null },
): Promise<MutationAttempt<Output>> {
  const { reader, records, clock, ids } = parts;
  const { queries } = reader;
  const nowMs = Math.floor(clock.nowMs());
  const iteration: ScrumIterationRow = {
    iteration_id: ids.next(),
    repository: input.repository,
    number: Math.max(await records.lastNumber(input.repository), known.lastImported) + 1,
    commit_id: input.commit,
    prompt: input.prompt,
    prompt_hash: known.promptHash,
    parser_version: PARSER_VERSION,
    ladder: input.ladder,
    replicates: input.replicates,
    proposal_sha256: input.proposal_sha256,
    state: 'running',
    identity: identityLabel(scope.identity),
    known_json: JSON.stringify(known.iterationIds),
    trust_json: JSON.stringify(known.trust),
    gone_json: '[]',
    summary_json: null,
    started_ms: nowMs,
    finished_ms: null,
  };
  const files = filesOf(iteration.iteration_id, input);
  const packed = new Map(files.map((file) => [file.path, file.packed_sha256]));
  const subjects = await keptSubjects(records, iteration, files, known);
  const overrides = await records.overrides(input.repository, nowMs);
  const rows = keptRows(parts, iteration, files, { ...known, subjects, overrides });
  const insert = queries.insertInto('scrum_iterations').values(iteration);
  return {
    statements: [
      ...(known.abandoned === null ? [] : abandonment(reader, known.abandoned.iteration_id, nowMs)),
      statement(insert, { rows: 1, refusal: 'iteration_taken' }),
      ...insertFiles(reader, files),
      ...insertRows(reader, rows),
      ...insertSubjects(reader, subjects),
    ],
    event: {
      action: 'scrum.iteration_started',
      subject: `scrum:${iteration.iteration_id}`,
      data: startFacts(iteration, files.length, rows.length, known.abandoned),
    },
    status: 201,
    output: (eventId) =>
      startedOutput(iteration, known.findings, {
        continued: false,
        reusable: rows.map(({ path }) => ({ path, packed_sha256: packed.get(path) ?? '' })),
        journal_event_id: eventId,
      }),
  };
}

/** Rows of files whose input is unchanged under the same bar, with what was known of the files. They cost nothing. */
function keptRows(
  { clock, ids }: StartParts,
  iteration: ScrumIterationRow,
  files: readonly ScrumFileRow[],
  known: KnownAtStart & {
    readonly subjects: readonly ScrumSubjectRow[];
    readonly overrides: readonly PermissionOverride[];
  },
) {
  const subjects = new Map(known.subjects.map(({ path, subject_json: json }) => [path, json]));
  const now = new Date(clock.nowMs());
  const tierOf = (review: ReviewRow) => {
    const json = subjects.get(review.path);
    if (json === undefined) return review.gradient_tier;
    const subject: PermissionSubject = JSON.parse(json);
    return permissionFor(subject, known.overrides, now).tier;
  };
  const open = Map.groupBy(
    findingLives(known.findings).filter(({ isOpen }) => isOpen),
    ({ path }) => path,
  );
  return files.flatMap((file) => {
    const earlier = unchangedReview(file, known);
    if (earlier === null) return [];
    const { journal_event_id: eventId, ...row } = earlier;
    const nothing = { attempts: 0, input_tokens: 0, output_tokens: 0, cost_usd: 0, latency_ms: 0 };
    const review = {
      ...row,
      ...nothing,
      row_id: ids.next(),
      commit: iteration.commit_id,
      content_hash: file.content_sha256,
      iteration_id: iteration.iteration_id,
      iteration: iteration.number,
      gradient_tier: tierOf(earlier),
      recorded_at: now.toISOString(),
    };
    const lives = open.get(file.path) ?? [];
    const told = lives.map((life) => ({
      ...{
        path: life.path,
        rule: life.rule,
        symbol: life.symbol,
        claim: life.claim,
        severity: life.severity,
      },
      ...{ line: life.line, found_by: life.found_by, evidence: life.evidence, anchor_hash: life.anchor_hash },
      check:
        life.check_kind === null || life.check_name === null
          ? null
          : { kind: life.check_kind, name: life.check_name, passes: null },
    }));
    const reading = {
      told: told.filter(({ evidence }) => evidence === 'model'),
      seen: told.filter(({ evidence }) => evidence !== 'model'),
      anchors: [],
      attempts: [],
    };
    return [rowToInsert(review, reading, { reused: true, eventId, nowMs: clock.nowMs() })];
  });
}

/** The row of a file that is as it was, under the same bar. */
function unchangedReview(file: ScrumFileRow, { reviews }: KnownAtStart): ReviewRow | null {
  const earlier = reviews.get(file.path);
  return earlier?.packed_hash === file.packed_sha256 ? earlier : null;
}

/** What decides over the files whose rows are kept, where it is still known, by the trust in their models as it is now. */
async function keptSubjects(
  records: IterationRecords,
  iteration: ScrumIterationRow,
  files: readonly ScrumFileRow[],
  known: KnownAtStart,
): Promise<readonly ScrumSubjectRow[]> {
  const { iteration_id, started_ms: created_ms } = iteration;
  const kept = files.flatMap((file) => unchangedReview(file, known) ?? []);
  const sources = Map.groupBy(kept, (review) => review.iteration_id);
  const found = await Promise.all(
    [...sources].map(async ([id, reviews]) => {
      const models = new Map(reviews.map(({ path, model }) => [path, model ?? '']));
      const subjects = await records.subjects(id);
      return subjects.flatMap(({ path, subject_json: json }): ScrumSubjectRow[] => {
        const model = models.get(path);
        if (model === undefined) return [];
        const subject: PermissionSubject = JSON.parse(json);
        const now = { ...subject, trust: known.trust[model] ?? subject.trust };
        return [{ iteration_id, path, subject_json: JSON.stringify(now), created_ms }];
      });
    }),
  );
  return found.flat();
}

function abandonment(reader: MetastoreReader, id: string, nowMs: number): readonly Statement[] {
  const { queries } = reader;
  const update = queries
    .updateTable('scrum_iterations')
    .set({ state: 'abandoned', finished_ms: nowMs })
    .where('iteration_id', '=', id)
    .where('state', '=', 'running');
  return [
    statement(update, { rows: 1, refusal: 'iteration_running' }),
    statement(queries.deleteFrom('scrum_files').where('iteration_id', '=', id)),
    statement(queries.deleteFrom('scrum_rows').where('iteration_id', '=', id)),
    statement(queries.deleteFrom('scrum_calls').where('iteration_id', '=', id)),
  ];
}

function filesOf(id: string, { files }: StartInput): readonly ScrumFileRow[] {
  return files.map((file) => ({ iteration_id: id, ...file })).sort((a, b) => (a.path < b.path ? -1 : 1));
}

function hashOf(files: readonly ScrumFileRow[]): string {
  return sha256Hex(
    JSON.stringify(
      files.map(({ path, content_sha256: content, packed_sha256: packed }) => [path, content, packed]),
    ),
  );
}

function startFacts(
  iteration: ScrumIterationRow,
  files: number,
  reused: number,
  abandoned: ScrumIterationRow | null,
): JsonObject {
  const { replicates, prompt_hash: promptHash } = iteration;
  const facts = { ...iterationFacts(iteration), prompt_hash: promptHash, replicates, files, reused };
  return abandoned === null ? facts : { ...facts, abandoned: abandoned.iteration_id };
}

/** The members in the order of the schema, so that a replay reads like the answer itself. */
function startedOutput(
  iteration: ScrumIterationRow,
  findings: readonly FindingRow[],
  answer: Pick<Output, 'continued' | 'reusable' | 'journal_event_id'>,
): Output {
  const open = findingLives(findings).filter(({ isOpen }) => isOpen);
  return {
    iteration_id: iteration.iteration_id,
    number: Number(iteration.number),
    state: 'running',
    continued: answer.continued,
    reusable: answer.reusable,
    findings: open.map((life) => ({
      ...{ finding_id: life.finding_id, path: life.path, rule: life.rule, symbol: life.symbol },
      ...{ claim: life.claim, severity: life.severity, line: life.line, state: life.state },
      ...{ anchor_hash: life.anchor_hash, check_kind: life.check_kind, check_name: life.check_name },
    })),
    journal_event_id: answer.journal_event_id,
  };
}

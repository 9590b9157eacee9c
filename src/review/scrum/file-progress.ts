import { canonicalJson, sha256Hex } from '../../base/index.ts';
import { type FindingRow, isStanding } from '../knowledge/index.ts';
import type { BlindQuestion } from './blind-question.ts';
import { type FileToReview, findingsOf, seenFindings, toldFindings } from './file-findings.ts';
import { framedMessage } from './framed-message.ts';
import type { FileReading } from './iteration-records.ts';
import type { KeptCall } from './kept-call.ts';
import type { BlindAnswer, DirectedAnswer } from './model-answer/answer-schema.ts';
import { type ParsedAnswer, parseDirectedAnswer } from './model-answer/parse-answer.ts';
import type { LadderRung } from './model-ladder.ts';
import { type Accepted, type Attempt, type BlindReading, blindReading } from './review-passes.ts';
import type { ReviewPrompt } from './review-prompts.ts';
import { plainFile } from './reviewed-text/shown-file.ts';

/** The call that a file needs next. */
export interface NextCall {
  readonly rung: LadderRung;
  readonly pass: Attempt['pass'];
  readonly replicate: number;
  readonly inputSha256: string;
  readonly message: { readonly system: string; readonly user: string };
  parse(text: string): ParsedAnswer<unknown>;
}

/** How far a file is read, by the calls that were made for it. */
export interface FileProgress {
  /** Null: no answer was acceptable, or none yet. */
  readonly blind: BlindReading | null;
  readonly read: Pick<FileReading, 'told' | 'seen' | 'anchors'>;
  /** Of this file alone. */
  readonly findings: readonly FindingRow[];
  readonly directed: Accepted<DirectedAnswer> | null;
  /** Null where the file is read to its end. */
  readonly next: NextCall | null;
}

interface ProgressParts {
  readonly question: BlindQuestion;
  readonly prompt: ReviewPrompt;
  readonly random: (sizeBytes: number) => Uint8Array;
}

/**
 * The ladder is walked until an answer is acceptable; its model is asked again for each further replicate, once each; the
 * directed pass goes from its rung down. Calls that were made are not made again, so that a reading which a ceiling, a
 * crash or an error broke off goes on where it stood.
 */
export function fileProgress(
  parts: ProgressParts,
  file: FileToReview,
  calls: readonly KeptCall[],
): FileProgress {
  const { question } = parts;
  const { rungs, message } = question;
  const inputSha256 = hashOf([file.declared.packed_sha256, rungs]);
  const made = calls.filter((call) => !call.isSettled && call.inputSha256 === inputSha256);
  const replicateOf = (replicate: number) =>
    made.filter(({ attempt }) => attempt.pass === 'blind' && attempt.replicate === replicate);
  const first = acceptedIn<BlindAnswer>(replicateOf(0), rungs, question.parse);
  const ask = (replicate: number, rung: LadderRung): NextCall => ({
    ...{ rung, pass: 'blind', replicate, inputSha256, message },
    parse: question.parse,
  });
  if (first === null) {
    const rung = untried(replicateOf(0), rungs);
    return { ...reading(file, question, null), directed: null, next: rung === null ? null : ask(0, rung) };
  }
  const replicates = Array.from({ length: Number(file.iteration.replicates) - 1 }, (_, at) => at + 1);
  const missing = replicates.find((replicate) => replicateOf(replicate).length === 0);
  const others = replicates.flatMap((one) => acceptedIn(replicateOf(one), rungs, question.parse) ?? []);
  const known = reading(file, question, blindReading(first, others));
  if (missing !== undefined) return { ...known, directed: null, next: ask(missing, first.rung) };
  return { ...known, ...directedPass(parts, file, { ...known, first, calls }) };
}

function reading(file: FileToReview, { shown }: BlindQuestion, blind: BlindReading | null) {
  const told = blind === null ? [] : toldFindings(file.input.path, shown, blind);
  const read = { told, ...seenFindings(file.input, shown, file.history) };
  return { blind, read, findings: findingsOf(file, { ...read, isJudged: blind !== null }) };
}

/** Asks for changes where there is something to change: the accepting model first, then those below it. */
function directedPass(
  { question, prompt, random }: ProgressParts,
  { input }: FileToReview,
  known: {
    readonly findings: readonly FindingRow[];
    readonly first: Accepted<BlindAnswer>;
    readonly calls: readonly KeptCall[];
  },
): Pick<FileProgress, 'directed' | 'next'> {
  const open = known.findings.filter(isStanding);
  if (open.length === 0 && input.proposal === null) return { directed: null, next: null };
  const lines = open.map(({ finding_id: id, rule, line, symbol, claim, severity, evidence }) =>
    JSON.stringify({ id, rule, line, symbol, claim, severity, evidence }),
  );
  const sections = [
    { name: 'file', text: plainFile(input).text },
    { name: 'findings', text: lines.join('\n') },
    ...(input.proposal === null ? [] : [{ name: 'proposal', text: input.proposal }]),
  ];
  const rungs = question.rungs.slice(known.first.rung.index);
  const inputSha256 = hashOf([sections, rungs]);
  const ids = new Set(open.map(({ finding_id: id }) => id));
  const parse = (text: string) => parseDirectedAnswer(text, (id) => ids.has(id));
  const made = known.calls.filter(
    (call) => !call.isSettled && call.attempt.pass === 'directed' && call.inputSha256 === inputSha256,
  );
  const directed = acceptedIn<DirectedAnswer>(made, rungs, parse);
  const rung = directed === null ? untried(made, rungs) : null;
  if (rung === null) return { directed, next: null };
  const message = { system: prompt.directed, user: framedMessage(sections, random) };
  return { directed, next: { rung, pass: 'directed', replicate: 0, inputSha256, message, parse } };
}

function acceptedIn<T>(
  calls: readonly KeptCall[],
  rungs: readonly LadderRung[],
  parse: (text: string) => ParsedAnswer<T>,
): Accepted<T> | null {
  for (const { attempt, text } of calls) {
    const rung = rungs.find(({ index }) => index === attempt.rung);
    const parsed = text === null ? null : parse(text);
    if (rung !== undefined && parsed?.outcome === 'accepted')
      return { answer: parsed.answer, format: parsed.format, rung, model: attempt.model };
  }
  return null;
}

function untried(calls: readonly KeptCall[], rungs: readonly LadderRung[]): LadderRung | null {
  return rungs.find(({ index }) => calls.every(({ attempt }) => attempt.rung !== index)) ?? null;
}

function hashOf(parts: readonly [unknown, readonly LadderRung[]]): string {
  const [input, rungs] = parts;
  return sha256Hex(canonicalJson([JSON.stringify(input), rungs.map(({ index, model }) => [index, model])]));
}

import { isJsonObject, isLakeError, LakeError, type Logger } from '../../base/index.ts';
import { engineError } from './engine-failure.ts';
import { type EngineProcess, startEngineProcess } from './engine-process.ts';
import { engineErrors } from './errors.ts';
import type { ChildAnswer, ChildRequest } from './protocol.ts';

/** The process that parses: kept apart, so that a statement that is hard to parse holds up no query that runs. */
export interface Parser {
  parse(sql: string, signal: AbortSignal): Promise<string>;
  deparse(ast: string, signal: AbortSignal): Promise<{ readonly sql: string; readonly ast: string }>;
  restarts(): number;
  close(): Promise<void>;
}

const PARSE_TIMEOUT_MS = 5_000;
const RESTART_PAUSE_MS = 1_000;
const PARSER_DATA_MB = 1_024;

export async function createParser(parts: { readonly log: Logger }): Promise<Parser> {
  let restarts = 0;
  const closing = new AbortController();
  let current = start();
  await current.catch((error: unknown) => {
    // Nobody holds the parser that could end what is started again.
    closing.abort();
    throw error;
  });

  function start(): Promise<EngineProcess> {
    const started = startEngineProcess({
      settings: null,
      dataLimitMb: PARSER_DATA_MB,
      closing: closing.signal,
      log: parts.log,
    });
    started
      .then(
        (engine) => engine.exited,
        () => new Promise((resolve) => setTimeout(resolve, RESTART_PAUSE_MS).unref()),
      )
      .then(() => {
        if (closing.signal.aborted) return;
        restarts += 1;
        current = start();
      });
    return started;
  }

  /** Who stops waiting is answered at once; what was asked is ended when its own time is over. */
  async function ask(request: ChildRequest, signal: AbortSignal): Promise<ChildAnswer> {
    if (signal.aborted) throw whyAborted(signal);
    const left = Promise.withResolvers<never>();
    const onAbort = () => left.reject(whyAborted(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([answerTo(request), left.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async function answerTo(request: ChildRequest): Promise<ChildAnswer> {
    const engine = await current;
    const timer = setTimeout(() => engine.kill(tooComplex()), PARSE_TIMEOUT_MS);
    try {
      return await engine.request(request);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    async parse(sql, signal) {
      const answer = await ask({ kind: 'parse', sql }, signal);
      if (answer.kind !== 'ast') throw new Error('unexpected answer of the parser process');
      return refuseErrors(answer.ast, sql);
    },
    async deparse(ast, signal) {
      const answer = await ask({ kind: 'deparse', ast }, signal);
      if (answer.kind !== 'deparsed') throw new Error('unexpected answer of the parser process');
      return { sql: answer.sql, ast: refuseErrors(answer.ast, answer.sql) };
    },
    restarts: () => restarts,
    async close() {
      closing.abort();
      const engine = await current.catch(() => null);
      engine?.kill(null);
      await engine?.exited;
    },
  };
}

/** A number that no DOUBLE holds, as the engine writes it into a tree; inside a text its quotes would be escaped. */
const NO_JSON_NUMBER = /"value":-?(?:Infinity|NaN)/;

/** `json_serialize_sql` reports what it cannot parse inside its answer. */
function refuseErrors(ast: string, sql: string): string {
  if (!ast.startsWith('{"error":true')) {
    if (!NO_JSON_NUMBER.test(ast)) return ast;
    throw new LakeError(engineErrors.out_of_range, {
      detail: 'The statement holds a number that no type can hold.',
    });
  }
  const answer: unknown = JSON.parse(ast);
  const { error_type: type, error_message: message, position } = isJsonObject(answer) ? answer : {};
  if (type === 'not implemented') {
    throw new LakeError(engineErrors.not_a_query, {
      detail:
        'Only a SELECT statement can be run here; PIVOT needs its values listed with IN, and parameters are all named or all positions.',
    });
  }
  const error = engineError(`Parser Error: ${String(message)}`);
  if (position === undefined || error.errorCode !== engineErrors.syntax) throw error;
  // Unlike the places of a tree's nodes, that of a syntax error counts characters.
  const before = [...sql].slice(0, Number(position)).join('');
  const at = lineAndColumn(sql, Buffer.byteLength(before, 'utf8'));
  throw new LakeError(engineErrors.syntax, {
    detail: `The statement is not valid SQL at line ${at.line}, column ${at.column}.`,
    data: { ...at, position: Number(position) },
    cause: error.cause,
  });
}

/** Line and column, both counted from 1, of a byte offset as the engine reports it. */
export function lineAndColumn(sql: string, byteOffset: number): { line: number; column: number } {
  const before = Buffer.from(sql, 'utf8').subarray(0, byteOffset).toString('utf8');
  const lines = before.split('\n');
  return { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
}

function tooComplex(): LakeError {
  return new LakeError(engineErrors.too_complex, {
    detail: 'The statement took too long to parse. Split it into smaller parts.',
  });
}

/** An error of ours is the reason; anything else says only that the caller went. */
function whyAborted({ reason }: AbortSignal): LakeError {
  if (isLakeError(reason)) return reason;
  return new LakeError(engineErrors.cancelled, { detail: 'The request was cancelled.' });
}

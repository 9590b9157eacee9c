// What the scripted provider answers, in no protocol's words. A request picks a reply by the queue of the test, by its
// header `x-scripted` or by its model `scripted/<name>`; anything else gets the plain answer.

export interface ScriptedToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON text, cut in the middle where the script says so. */
  readonly argumentsJson: string;
}

export interface ScriptedUsage {
  readonly input: number;
  readonly cachedInput: number;
  readonly output: number;
  readonly reasoning: number;
  /** Members of the protocol's own count, beside those. */
  readonly more?: Readonly<Record<string, unknown>>;
}

export interface ScriptedReply {
  readonly thinking: string;
  readonly text: string;
  readonly toolCalls: readonly ScriptedToolCall[];
  readonly finish: 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'pause';
  /** Null: the answer reports none. */
  readonly usage: ScriptedUsage | null;
  readonly fault: ScriptedFault | null;
  /** Null: 200. */
  readonly status: number | null;
  readonly headers: Readonly<Record<string, string>>;
  /** The sentence of an error body. */
  readonly errorMessage: string;
  /** After each event of a stream. */
  readonly gapMs: number;
  /** The text is what was received. */
  readonly echoes: boolean;
  /** Null: nothing is waited for. */
  readonly held: ScriptedHold | null;
}

/** A whole answer, not a stream, of which a part comes only once the test says so. */
export interface ScriptedHold {
  /** `head`: all of it; `half`: the second half of its body. */
  readonly part: 'head' | 'half';
  readonly until: Promise<unknown>;
}

export type ScriptedFault =
  /** No head ever comes. */
  | 'hang'
  /** Half of the answer, then silence. */
  | 'hang_midway'
  /** The whole answer without the protocol's terminator, then silence. */
  | 'hang_at_end'
  /** Half of the answer, then a reset connection. */
  | 'reset'
  /** Half of the answer, then the proper end of the HTTP body. */
  | 'cut'
  /** The same, in the middle of an event. */
  | 'torn'
  /** The whole answer without the protocol's terminator. */
  | 'no_terminator'
  /** The whole answer, whose end does not count: only its beginning did, of protocols that count there. */
  | 'no_last_count'
  /** The whole answer without the reason why it stopped, nor a terminator. */
  | 'no_finish'
  /** The whole answer as one body, also where a stream was asked for. */
  | 'unstreamed'
  /** An event, or a body, that is broken JSON. */
  | 'garbage'
  /** JSON that nests deeper than anything that recurses can follow. */
  | 'deep'
  /** A web page under status 200. */
  | 'wrong_content_type'
  /** An error as JSON under status 200. */
  | 'error_body'
  /** An error in the middle of the answer. */
  | 'error_midway'
  /** More and more of the same, until the connection is cut. */
  | 'endless'
  /** One vector fewer than there were texts. */
  | 'vector_short'
  /** Vectors that are no lists of numbers. */
  | 'no_vectors'
  /** An object with nothing in it, where all is answered at once. */
  | 'empty'
  /** Connection closed before any head. */
  | 'no_answer'
  /** Bytes that are no HTTP. */
  | 'no_http';

export const PLAIN_TEXT = 'Hello from the scripted provider. It is no model.';

const USAGE: ScriptedUsage = { input: 20, cachedInput: 4, output: 12, reasoning: 0 };

const PLAIN: ScriptedReply = {
  thinking: '',
  text: PLAIN_TEXT,
  toolCalls: [],
  finish: 'stop',
  usage: USAGE,
  fault: null,
  status: null,
  headers: {},
  errorMessage: 'The canary sentence of an upstream error, which no answer may repeat.',
  gapMs: 0,
  echoes: false,
  held: null,
};

const WEATHER: ScriptedToolCall = { id: 'call_1', name: 'weather', argumentsJson: '{"city":"Zürich"}' };

/** The plain reply, changed in the given members. */
export function reply(changes: Partial<ScriptedReply> = {}): ScriptedReply {
  return { ...PLAIN, ...changes };
}

/** Every reply that a model name or a header can ask for. */
export const SCRIPTED_REPLIES: Readonly<Record<string, ScriptedReply>> = {
  plain: reply(),
  echo: reply({ echoes: true }),
  tool_call: reply({ text: '', toolCalls: [WEATHER], finish: 'tool_calls' }),
  cut_tool_call: reply({
    text: '',
    toolCalls: [{ ...WEATHER, argumentsJson: '{"city":"Zür' }],
    finish: 'length',
  }),
  thinking: reply({ thinking: 'First I think.', usage: { ...USAGE, reasoning: 5 } }),
  thinking_only: reply({
    thinking: 'I think and think.',
    text: '',
    finish: 'length',
    usage: { ...USAGE, reasoning: 12 },
  }),
  length: reply({ finish: 'length' }),
  slow: reply({ gapMs: 20 }),
  usage_missing: reply({ usage: null }),
  usage_zero: reply({ usage: { input: 0, cachedInput: 0, output: 0, reasoning: 0 } }),
  hang: reply({ fault: 'hang' }),
  hang_midway: reply({ fault: 'hang_midway' }),
  hang_at_end: reply({ fault: 'hang_at_end' }),
  reset: reply({ fault: 'reset' }),
  cut: reply({ fault: 'cut' }),
  torn: reply({ fault: 'torn' }),
  no_terminator: reply({ fault: 'no_terminator' }),
  no_finish: reply({ fault: 'no_finish' }),
  garbage: reply({ fault: 'garbage' }),
  deep: reply({ fault: 'deep' }),
  unstreamed: reply({ fault: 'unstreamed' }),
  wrong_content_type: reply({ fault: 'wrong_content_type' }),
  error_body: reply({ fault: 'error_body' }),
  error_midway: reply({ fault: 'error_midway' }),
  endless: reply({ fault: 'endless' }),
  no_answer: reply({ fault: 'no_answer' }),
  no_http: reply({ fault: 'no_http' }),
  rate_limited: reply({ status: 429, headers: { 'retry-after': '2' } }),
  rate_limited_silently: reply({ status: 429 }),
  failing: reply({ status: 500 }),
  overloaded: reply({ status: 529 }),
  unavailable: reply({ status: 503, headers: { 'retry-after-ms': '150' } }),
  refused_key: reply({ status: 401 }),
  forbidden: reply({ status: 403 }),
  unknown_model: reply({ status: 404 }),
  bad_request: reply({ status: 400 }),
  too_large: reply({ status: 413 }),
  too_long: reply({
    status: 400,
    errorMessage: 'The prompt exceeds the maximum context length of 8 tokens.',
  }),
  redirect: reply({ status: 302, headers: { location: '/elsewhere' } }),
  compressed: reply({ headers: { 'content-encoding': 'gzip' } }),
};

import type { ApiClient } from '../api-client.ts';
import { CliFailure, EXIT_CODES } from '../cli-failure.ts';
import { readEvents } from './event-stream.ts';

/** The body of `POST /v1/chat`, as far as the command line asks for it. */
export interface ChatAsked {
  readonly messages: readonly { readonly role: 'system' | 'user'; readonly content: string }[];
  readonly model: string | null;
  readonly task?: string;
  readonly context?: { readonly sql: string };
  readonly format?: 'json';
  readonly max_output_tokens?: number;
}

/** What the answer of a chat says besides its text. */
export interface ChatOutcome {
  readonly model: string;
  readonly finish: string;
  readonly calls: number;
  readonly citations: readonly {
    readonly id: number;
    readonly snapshots: Readonly<Record<string, string | null>>;
    readonly masked_columns: readonly string[];
    readonly row_count: number;
    readonly truncated: boolean;
  }[];
  readonly usage: {
    readonly input_tokens: number;
    readonly cached_input_tokens: number;
    readonly output_tokens: number;
    readonly reasoning_tokens: number;
    readonly cost_usd: number;
  };
  readonly attempts: readonly { readonly provider: string; readonly model: string; readonly class: string }[];
}

export interface ChatAnswer extends ChatOutcome {
  readonly text: string;
}

/** The whole answer at once. */
export async function chat(api: ApiClient, asked: ChatAsked, signal: AbortSignal): Promise<ChatAnswer> {
  const request = { method: 'POST', path: '/v1/chat', json: asked, signal } as const;
  return (await api.json<ChatAnswer>(request)).value;
}

/**
 * The answer piece by piece; `write` is told each text. Throws the refusal that the stream ends with, and
 * `cli.answer_cut` where it ends without a word: what came is then not the whole answer.
 */
export async function streamChat(
  api: ApiClient,
  asked: ChatAsked,
  parts: { readonly signal: AbortSignal; write(text: string): void },
): Promise<ChatOutcome> {
  const json = { ...asked, stream: true };
  const response = await api.stream({ method: 'POST', path: '/v1/chat', json, signal: parts.signal });
  try {
    for await (const { name, data } of readEvents(response.body ?? new ReadableStream())) {
      if (name === 'text') parts.write((data as { text: string }).text);
      if (name === 'done') return data as ChatOutcome;
      if (name === 'error') throw new CliFailure(EXIT_CODES.failed, data as { code: string; detail: string });
    }
  } catch (error) {
    if (error instanceof CliFailure || parts.signal.aborted) throw error;
    throw answerCut(error);
  }
  throw answerCut();
}

/** What an answer that ended before it was whole makes of a command, whoever cut it. */
export function answerCut(cause?: unknown): CliFailure {
  const detail = 'The answer broke off. What was printed is not the whole answer; send it again.';
  return new CliFailure(EXIT_CODES.failed, { code: 'cli.answer_cut', detail }, cause);
}

import { randomBytes } from 'node:crypto';
import type { Reader, ReaderAnswer } from '../../review/auditor/index.ts';
import type { ApiClient } from '../api-client.ts';
import { chat } from '../chat/chat-client.ts';
import { CliFailure, EXIT_CODES } from '../cli-failure.ts';

/** The task that routes, ceilings and rules of a server may name. */
const TASK = 'auditor';
const MOST_OUTPUT_TOKENS = 4_000;
/** A model may think for long; a server that does not answer must not hold an audit for ever. */
const DEADLINE_MS = 300_000;

/** A reader that asks models of a server, as the caller: its grants, ceilings, rules and journal apply. */
export function chatReader(
  api: ApiClient,
  { ladder, interrupted }: { readonly ladder: string | undefined; readonly interrupted: AbortSignal },
): Reader {
  return {
    nonce: () => randomBytes(16).toString('hex'),
    async ask({ instructions, material }): Promise<ReaderAnswer> {
      const deadline = AbortSignal.timeout(DEADLINE_MS);
      const asked = {
        messages: [
          { role: 'system', content: instructions },
          { role: 'user', content: material },
        ],
        model: ladder === undefined ? null : `ladder/${ladder}`,
        task: TASK,
        format: 'json',
        max_output_tokens: MOST_OUTPUT_TOKENS,
      } as const;
      try {
        const { finish, model, text } = await chat(api, asked, AbortSignal.any([interrupted, deadline]));
        if (finish === 'stop') return { kind: 'answered', model, text };
        return { kind: 'no_answer', reason: `${model} did not answer to the end: ${finish}`, isFinal: false };
      } catch (error) {
        if (interrupted.aborted) throw error;
        if (error instanceof CliFailure) return noAnswer(error);
        const reason = deadline.aborted ? 'the server did not answer in time' : 'the answer broke off';
        return { kind: 'no_answer', reason, isFinal: true };
      }
    },
  };
}

/** A ceiling, a key and a server that is not there stay as they are; a prompt that is refused is refused alone. */
function noAnswer({ exitCode, facts }: CliFailure): ReaderAnswer {
  const isFinal =
    exitCode === EXIT_CODES.unreachable ||
    exitCode === EXIT_CODES.denied ||
    facts.status === 402 ||
    facts.status === 404 ||
    facts.status === 429;
  return { kind: 'no_answer', reason: facts.detail, isFinal };
}

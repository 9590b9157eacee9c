import type { ReceivedRequest, ScriptedProvider } from '../support/scripted-provider/scripted-provider.ts';
import { reply, type ScriptedReply } from '../support/scripted-provider/scripted-reply.ts';

/** What a stand-in for a reviewing model is asked of one file. */
export interface Asked {
  readonly path: string;
  readonly pass: 'blind' | 'directed';
  /** The file as the model sees it, with line numbers. */
  readonly text: string;
  /** Everything that is not the system message. */
  readonly message: string;
  readonly model: string;
}

export interface Failure {
  readonly kind: string;
  readonly symbol: string;
  readonly line: number;
  readonly claim: string;
}

/** What the model says of a file. */
export interface Opinion {
  readonly score: number;
  readonly failures?: readonly Failure[];
  readonly suggestions?: readonly object[];
  /** In place of all that. */
  readonly says?: ScriptedReply;
}

/** Has the provider answer reviews by an opinion of each file; answers the list of what it was asked. */
export function reviewBy(upstream: ScriptedProvider, opinionOn: (asked: Asked) => Opinion): readonly Asked[] {
  const asked: Asked[] = [];
  upstream.answerBy((request) => {
    const one = askedIn(request);
    if (one === null) return reply();
    asked.push(one);
    const { score, failures = [], suggestions = [], says } = opinionOn(one);
    if (says !== undefined) return says;
    const answer =
      one.pass === 'directed'
        ? { suggestions }
        : {
            verdict: failures.length > 0 ? 'unsound' : score >= 8 ? 'sound' : 'needs_work',
            ...{ score, confidence: 0.9, critical_failures: failures, missing_components: [] },
            verified_components: [{ symbol: '', line: 1, claim: 'It begins.' }],
          };
    return reply({ text: JSON.stringify(answer) });
  });
  return asked;
}

function askedIn({ body }: ReceivedRequest): Asked | null {
  const messages = body.messages as readonly { role: string; content: unknown }[] | undefined;
  const message = JSON.stringify((messages ?? []).filter(({ role }) => role !== 'system'));
  const plain = message.replaceAll('\\n', '\n').replaceAll('\\"', '"').replaceAll('\\\\', '\\');
  const [, path, text = ''] = /<<<file \w+\npath: (\S+)\n([\s\S]*?)\nfile \w+>>>/.exec(plain) ?? [];
  if (path === undefined) return null;
  const pass = /<<<findings \w{32}\n/.test(plain) ? 'directed' : 'blind';
  return { path, pass, text, message: plain, model: String(body.model) };
}

/** How often the file was scored. */
export function readings(asked: readonly Asked[], path: string): number {
  return asked.filter((one) => one.path === path && one.pass === 'blind').length;
}

import type { ScriptedReply } from './scripted-reply.ts';

/** How one protocol writes a reply. */
export interface WireFormat {
  readonly streamMediaType: string;
  whole(reply: ScriptedReply, model: string): string;
  /** The events of a stream, terminator last, each as it goes over the wire. */
  events(reply: ScriptedReply, facts: StreamFacts): WireEvents;
  error(message: string): string;
  /** An event that is broken JSON, and one that is an error. */
  readonly garbage: string;
  errorEvent(message: string): string;
}

export interface StreamFacts {
  readonly model: string;
  readonly includesUsage: boolean;
}

export interface WireEvents {
  /** What the answer says. */
  readonly said: readonly string[];
  /** Why it stopped. */
  readonly finish: readonly string[];
  /** What marks the end. */
  readonly terminator: readonly string[];
}

/** A text in pieces of a few characters, as models stream it. */
export function pieces(text: string): readonly string[] {
  return text.match(/[\s\S]{1,7}/gu) ?? [];
}

import { displayText } from '../display-text.ts';

/** Makes an answer safe for a terminal while it arrives (K-14): line breaks and tabs stay, other controls show. */
export interface AnswerText {
  /** What of the piece can be shown now. */
  add(piece: string): string;
  /** What is left once nothing follows. */
  end(): string;
}

export function createAnswerText(): AnswerText {
  let held = '';
  return {
    add(piece) {
      const text = held + piece;
      // Half of a line break or of a character outside the basic plane waits for its other half.
      const cut = /[\r\ud800-\udbff]$/.test(text) ? text.length - 1 : text.length;
      held = text.slice(cut);
      return safe(text.slice(0, cut));
    },
    end() {
      const rest = safe(held);
      held = '';
      return rest;
    },
  };
}

function safe(text: string): string {
  return text
    .split(/(\r?\n|\t)/)
    .map((part, at) => (at % 2 === 0 ? displayText(part) : part === '\t' ? part : '\n'))
    .join('');
}

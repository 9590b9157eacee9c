import { loadO200k } from './o200k.ts';

/** What a request sends to a model, as far as it is billed as input. */
export interface EstimatedRequest {
  /** One for each message or part of one. */
  readonly texts: readonly string[];
  readonly images: number;
  /** Each tool's name, description and schema as JSON. */
  readonly tools: readonly string[];
}

/** Estimates the tokens of a request before it is sent. */
export interface TokenEstimator {
  /**
   * Meant to be too high rather than too low for any family of models. Takes time linear in the text, whatever is in
   * it, and lets other work run in between.
   */
  estimateInputTokens(request: EstimatedRequest): Promise<number>;
}

/** How much more than o200k another family's tokenizer may count; an estimate is up to this much too high. */
export const ESTIMATE_MARGIN = 1.35;

/** The frame of a message: role, separators. */
const TOKENS_PER_TEXT = 8;
/** The frame of a tool and its share of what providers put before the first. */
const TOKENS_PER_TOOL = 64;
/** What the dearest of the well-known providers counts for an image of the largest size it does not scale down. */
const TOKENS_PER_IMAGE = 1_700;
const TOKENS_PER_REQUEST = 16;
/**
 * No tokenizer packs ordinary text tighter. o200k alone has single tokens for long runs (128 spaces); other families do
 * not, and a text made of such runs would be held for an eighth of its bill.
 */
const MOST_BYTES_PER_TOKEN = 6;

/** What the tokenizer is given at once: it is quadratic in a run without breaks, and this bounds the run. */
const PIECE_LENGTH = 512;
/** Tokenized before other work may run: 1 ms of prose, at most some 20 ms of what merges worst (random letters). */
const LENGTH_PER_TURN = 8_192;
/**
 * Beyond this, each byte counts as a token: no byte-level tokenizer makes more of them. Tokenizing takes 0.12 to 0.2 ms of
 * processor time per kilobyte of prose and 0.7 to 1.5 of random letters, so a request cannot take more than a second or two.
 */
const MAX_TOKENIZED_LENGTH = 1_048_576;

/** The tokenizer is loaded with the first estimate. */
export function createTokenEstimator(): TokenEstimator {
  let loading: Promise<(text: string) => number> | null = null;
  return {
    async estimateInputTokens({ texts, images, tools }) {
      loading ??= loadO200k();
      const count = await loading;
      let left = MAX_TOKENIZED_LENGTH;
      let tokens = 0;
      for (const text of [...texts, ...tools]) {
        const tokenized = text.slice(0, left);
        left -= tokenized.length;
        tokens += await tokensOf(tokenized, count);
        if (tokenized.length < text.length) tokens += Buffer.byteLength(text.slice(tokenized.length));
      }
      return (
        tokens +
        TOKENS_PER_REQUEST +
        texts.length * TOKENS_PER_TEXT +
        tools.length * TOKENS_PER_TOOL +
        images * TOKENS_PER_IMAGE
      );
    },
  };
}

async function tokensOf(text: string, count: (text: string) => number): Promise<number> {
  let counted = 0;
  let sinceTurn = 0;
  for (let start = 0; start < text.length; ) {
    const end = pieceEnd(text, start);
    counted += count(text.slice(start, end));
    sinceTurn += end - start;
    start = end;
    if (sinceTurn < LENGTH_PER_TURN || start >= text.length) continue;
    sinceTurn = 0;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  const bytes = Buffer.byteLength(text);
  const likely = Math.ceil(counted * ESTIMATE_MARGIN);
  return Math.max(Math.min(likely, bytes), Math.ceil(bytes / MOST_BYTES_PER_TOKEN));
}

/** Where a piece ends: before its last space where it has one, so that words stay whole, and never inside a character. */
function pieceEnd(text: string, start: number): number {
  const most = start + PIECE_LENGTH;
  if (most >= text.length) return text.length;
  const space = text.lastIndexOf(' ', most);
  if (space > start + PIECE_LENGTH / 2) return space;
  const inside = /[\uDC00-\uDFFF]/.test(text[most] ?? '');
  return inside ? most - 1 : most;
}

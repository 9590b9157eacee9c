import { RecentMap, sha256Hex } from '../../../base/index.ts';
import { USUAL_TOKENS_PER_IMAGE } from './model-entry.ts';
import { loadO200k } from './o200k.ts';

/** What a request sends to a model, as far as it is billed as input. */
export interface EstimatedRequest {
  /** One for each message or part of one. */
  readonly texts: readonly string[];
  readonly images: number;
  /** Each tool's name, description and schema as JSON. */
  readonly tools: readonly string[];
  /** Texts that may reach the model or not: they count in `most` alone. */
  readonly aside?: readonly string[];
  /**
   * Whose texts they are: what they come to is remembered for this caller alone, so that the time another's request takes
   * tells nothing of them (K-6). Null for texts that hardly come again.
   */
  readonly holder: string | null;
}

/** Tokens of a request, before a provider has counted them. */
export interface TokenEstimate {
  /** By o200k, which few tokenizers are thriftier than: what does not fit a window by this does not fit it. */
  readonly likely: number;
  /** Meant not to be exceeded by any well-known family: what a ceiling holds. */
  readonly most: number;
}

/** Estimates the tokens of a request before it is sent. */
export interface TokenEstimator {
  /** Takes time linear in the text, whatever is in it, and lets other work run in between. */
  estimateInputTokens(request: EstimatedRequest): Promise<TokenEstimate>;
}

/**
 * How much more than o200k another family may count of the scripts all are trained on. Measured with the older tokenizers
 * of OpenAI (cl100k) and Anthropic on Markdown, code, JSON and CSV: 1.00 to 1.21; newer ones of Anthropic say of
 * themselves that they count up to 1.35 times as much as the older.
 */
const MARGIN = 1.5;

/**
 * Tokens of one UTF-16 unit at most, by the code it ends at. o200k packs most scripts two to four times as tightly as
 * those older tokenizers (Thai 3.9 times, Hindi 3.6, Arabic 2.8, Russian 2.0, Chinese 1.9), and has single tokens for
 * long runs of one character, so its count alone would hold a fraction of the bill.
 */
const MOST_PER_UNIT: readonly { readonly upTo: number; readonly tokens: number }[] = [
  { upTo: 0x007f, tokens: 1 / 3 }, // ASCII
  { upTo: 0x036f, tokens: 0.7 }, // Latin with marks
  { upTo: 0x052f, tokens: 0.8 }, // Greek, Cyrillic
  { upTo: 0x1fff, tokens: 2 }, // Hebrew, Arabic, the scripts of India and South-East Asia
  { upTo: 0xffff, tokens: 1.5 }, // Chinese, Japanese, Korean, symbols, halves of what lies beyond
];

/** The frame of a message: role, separators. */
const TOKENS_PER_TEXT = 8;
/** The frame of a tool. */
const TOKENS_PER_TOOL = 64;
/** What the dearest provider puts before the first tool: Anthropic 281 to 530, by model and choice of tools. */
const TOKENS_BEFORE_TOOLS = 530;
const TOKENS_PER_REQUEST = 16;

/** What the tokenizer is given at once: it is quadratic in a run without breaks, and this bounds the run. */
const PIECE_LENGTH = 512;
/** Tokenized before other work may run: 1 ms of prose, at most some 20 ms of what merges worst (random letters). */
const LENGTH_PER_TURN = 8_192;
/**
 * Beyond this, each byte counts as a token: no byte-level tokenizer makes more of them. Tokenizing takes 0.12 to 0.2 ms of
 * processor time per kilobyte of prose and 0.7 to 1.5 of random letters, so a request cannot take more than a second or two.
 */
const MAX_TOKENIZED_LENGTH = 1_048_576;
/** Of the rest, for what is likely: prose and code have 3.8 to 4.4 bytes to a token of o200k. */
const LIKELY_BYTES_PER_TOKEN = 4;

/**
 * Each turn of a conversation sends all before it again: what a text came to is remembered, for so many texts. Shorter ones
 * are counted sooner than looked up.
 */
const REMEMBERED_TEXTS = 16_384;
const REMEMBERED_FROM = 64;

/** The tokenizer is loaded with the first estimate. */
export function createTokenEstimator(): TokenEstimator {
  let loading: Promise<(text: string) => number> | null = null;
  const seen = new RecentMap<TokenEstimate>(REMEMBERED_TEXTS);
  return {
    async estimateInputTokens({ texts, images, tools, aside = [], holder }) {
      loading ??= loadO200k();
      const count = await loading;
      const frames =
        TOKENS_PER_REQUEST +
        texts.length * TOKENS_PER_TEXT +
        (tools.length === 0 ? 0 : TOKENS_BEFORE_TOOLS) +
        tools.length * TOKENS_PER_TOOL +
        images * USUAL_TOKENS_PER_IMAGE;
      let left = MAX_TOKENIZED_LENGTH;
      let likely = 0;
      let most = frames;
      const surely = [...texts, ...tools];
      for (const [at, text] of [...surely, ...aside].entries()) {
        const tokenized = text.slice(0, left);
        left -= tokenized.length;
        const key = holder === null || tokenized.length < REMEMBERED_FROM ? null : keyOf(holder, tokenized);
        const estimate =
          key === null
            ? await estimateText(tokenized, count)
            : (seen.get(key) ?? seen.put(key, await estimateText(tokenized, count)));
        const restBytes =
          tokenized.length < text.length ? Buffer.byteLength(text.slice(tokenized.length)) : 0;
        if (at < surely.length) likely += estimate.likely + Math.floor(restBytes / LIKELY_BYTES_PER_TOKEN);
        most += estimate.most + restBytes;
      }
      return { likely, most };
    },
  };
}

/** A digest, so that no prompt stays in memory. */
function keyOf(holder: string, text: string): string {
  return sha256Hex(`${holder}\0${text}`);
}

async function estimateText(text: string, count: (text: string) => number): Promise<TokenEstimate> {
  const likely = await countInTurns(text, count);
  return { likely, most: mostTokens(text, likely) };
}

/** What o200k counts, piece by piece. */
async function countInTurns(text: string, count: (text: string) => number): Promise<number> {
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
  return counted;
}

/** No byte-level tokenizer makes more tokens than there are bytes. */
function mostTokens(text: string, counted: number): number {
  let byScript = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    for (const { upTo, tokens } of MOST_PER_UNIT) {
      if (code > upTo) continue;
      byScript += tokens;
      break;
    }
  }
  return Math.min(Buffer.byteLength(text), Math.ceil(Math.max(counted * MARGIN, byScript)));
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

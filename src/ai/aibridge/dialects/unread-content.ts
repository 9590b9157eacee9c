import { isJsonObject, type JsonValue } from '../../../base/index.ts';
import { objectOf, stringOf } from '../json-reading.ts';

/**
 * What a native body gives to the model and the canonical chat does not carry, as far as it is billed and judged: a
 * ceiling that did not hold it would let a document through for the price of the question beside it.
 */
export interface Unread {
  readonly texts: readonly string[];
  readonly images: number;
  /** False where a file, a sound or a reference is among it: nothing but the model's window bounds its tokens. */
  readonly isBounded: boolean;
}

export const NOTHING_UNREAD: Unread = { texts: [], images: 0, isBounded: true };

const IMAGES = new Set(['image', 'image_url', 'input_image']);
/** Parts of a message that are text within text, whatever they are called; of any other part the size is not known. */
const TEXTUAL = /^(?:text|refusal|thinking|redacted_thinking|search_result|server_tool_use|\w+_tool_result)$/;
const FILES = new Set(['file', 'input_file', 'container_upload', 'input_audio', 'audio_url', 'video_url']);

/** Gathers what is unread of one request. */
export class UnreadContent implements Unread {
  readonly texts: string[] = [];
  images = 0;
  isBounded = true;

  /** A part of a message, of a type that is not read. */
  addPart(part: JsonValue | undefined): void {
    const type = stringOf(objectOf(part).type) ?? '';
    if (!TEXTUAL.test(type) && !IMAGES.has(type) && type !== 'document') this.isBounded = false;
    this.add(part);
  }

  /** Any value: its texts, the names of its members and its numbers. */
  add(value: JsonValue | undefined): void {
    if (typeof value === 'string') this.texts.push(value);
    else if (Array.isArray(value)) for (const item of value) this.add(item);
    else if (isJsonObject(value)) {
      const type = stringOf(value.type) ?? '';
      if (IMAGES.has(type)) this.images++;
      else if (FILES.has(type)) this.isBounded = false;
      else {
        if (type === 'document' && !isTextSource(value.source)) this.isBounded = false;
        for (const [name, member] of Object.entries(value)) {
          // The bytes of a file say nothing of its tokens.
          if (type === 'document' && name === 'source' && !isTextSource(member)) continue;
          this.texts.push(name);
          this.add(member);
        }
      }
    } else if (typeof value === 'number') this.texts.push(String(value));
  }
}

/** A document given as text, or as blocks of it. */
function isTextSource(source: JsonValue | undefined): boolean {
  const type = stringOf(objectOf(source).type);
  return type === 'text' || type === 'content';
}

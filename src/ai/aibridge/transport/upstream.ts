import { ProviderFailure } from '../provider.ts';
import type { Deadline } from './deadline.ts';
import { transportFailure } from './transport-failure.ts';

/** The body of an answer as it arrives. */
export interface UpstreamBody {
  /** The next bytes; null at the end. For one reader at a time. */
  next(): Promise<Uint8Array | null>;
  /** Reads and drops the rest, so that the connection can serve another call; cuts it where much is left. */
  dump(): Promise<void>;
  /** Cuts the connection; whoever reads gets the error. */
  abort(error: Error): void;
}

/** The head of a provider's answer, and its body still to come. */
export class Upstream {
  readonly status: number;
  readonly #headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly #body: UpstreamBody;
  readonly #deadline: Deadline;
  readonly #maxBytes: number;
  /** Bytes of the body so far. */
  #total = 0;

  constructor(parts: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string | string[] | undefined>>;
    readonly body: UpstreamBody;
    readonly deadline: Deadline;
    readonly maxBytes: number;
  }) {
    this.status = parts.status;
    this.#headers = parts.headers;
    this.#body = parts.body;
    this.#deadline = parts.deadline;
    this.#maxBytes = parts.maxBytes;
  }

  header(name: string): string | null {
    const value = this.#headers[name];
    return (Array.isArray(value) ? value[0] : value) ?? null;
  }

  /** The media type without its parameters, in lower case; empty where the provider gave none. */
  mediaType(): string {
    return (this.header('content-type')?.split(';')[0] ?? '').trim().toLowerCase();
  }

  /**
   * The next chunk as it arrives; null at the end. Who reads no further leaves the connection open: `release` or `destroy`
   * ends it. No generator: there is one step of it for each piece of an answer. Throws `ProviderFailure`.
   */
  async next(): Promise<Uint8Array | null> {
    try {
      const chunk = await this.#body.next();
      this.#total += chunk?.length ?? 0;
      if (this.#total > this.#maxBytes) throw tooLarge(this.#maxBytes);
      if (chunk === null) this.#deadline.release();
      return chunk;
    } catch (error) {
      this.destroy();
      throw transportFailure(error, 'body');
    }
  }

  /** The whole body. Throws `ProviderFailure`. */
  async bytes(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for (let chunk = await this.next(); chunk !== null; chunk = await this.next()) chunks.push(chunk);
    const [first] = chunks;
    return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
  }

  /** The first bytes of the body, for telling what an error means. Fails only where the call was cancelled. */
  async beginning(maxBytes: number): Promise<string> {
    const chunks: Uint8Array[] = [];
    let total = 0;
    try {
      while (total < maxBytes) {
        const chunk = await this.next();
        if (chunk === null) break;
        chunks.push(chunk);
        total += chunk.length;
      }
    } catch (error) {
      if (error instanceof ProviderFailure && error.class === 'cancelled') throw error;
    }
    return Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8');
  }

  /** Nothing more is wanted of an answer that has said its last word: the connection is kept where it ends soon. */
  release(): void {
    const release = () => this.#deadline.release();
    this.#body.dump().then(release, release);
  }

  /** Cuts the connection, so that the provider stops working on the answer. Whoever still reads sees a cancelled call. */
  destroy(): void {
    this.#deadline.release();
    this.#body.abort(new ProviderFailure({ class: 'cancelled' }, 'The answer is not wanted any more.'));
  }
}

function tooLarge(maxBytes: number): ProviderFailure {
  return new ProviderFailure(
    { class: 'server_error' },
    `The provider’s answer is larger than the ${maxBytes} bytes that are taken.`,
  );
}

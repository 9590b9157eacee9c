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
   * The chunks as they arrive. Leaving the loop early leaves the connection open: `release` or `destroy` ends it. Throws
   * `ProviderFailure`.
   */
  async *chunks(): AsyncGenerator<Uint8Array> {
    let total = 0;
    try {
      for (let chunk = await this.#body.next(); chunk !== null; chunk = await this.#body.next()) {
        total += chunk.length;
        if (total > this.#maxBytes) throw tooLarge(this.#maxBytes);
        yield chunk;
      }
    } catch (error) {
      this.destroy();
      throw transportFailure(error, 'body');
    }
    this.#deadline.release();
  }

  /** The whole body. Throws `ProviderFailure`. */
  async bytes(): Promise<Uint8Array> {
    try {
      const whole = await this.#whole();
      this.#deadline.release();
      return whole;
    } catch (error) {
      this.destroy();
      throw transportFailure(error, 'body');
    }
  }

  /** Without a generator, which costs more than a body of one chunk is worth. */
  async #whole(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let total = 0;
    for (let chunk = await this.#body.next(); chunk !== null; chunk = await this.#body.next()) {
      total += chunk.length;
      if (total > this.#maxBytes) throw tooLarge(this.#maxBytes);
      chunks.push(chunk);
    }
    const [first] = chunks;
    return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
  }

  /** The first bytes of the body, for telling what an error means. Fails only where the call was cancelled. */
  async beginning(maxBytes: number): Promise<string> {
    const chunks: Uint8Array[] = [];
    let total = 0;
    try {
      for await (const chunk of this.chunks()) {
        chunks.push(chunk);
        total += chunk.length;
        if (total >= maxBytes) break;
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

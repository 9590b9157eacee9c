import type { TestServer } from './server.ts';

/** What came over a live stream of events, as a client sees it. */
export interface FollowedStream {
  readonly status: number;
  /** Events so far. */
  // biome-ignore lint/suspicious/noExplicitAny: events are asserted member by member.
  readonly events: readonly any[];
  /** Bytes as they came. */
  text(): string;
  /** Resolves at the first heartbeat. */
  readonly alive: Promise<'alive'>;
  /** How it ended: `whole`, or `cut` without a terminator. */
  readonly ended: Promise<'whole' | 'cut'>;
  close(): Promise<void>;
}

/** Follows GET /events/stream with a real client; resolves once the head of the answer is there. */
export async function followEvents(
  server: Pick<TestServer, 'url'>,
  key: string,
  options: { query?: string; lastEventId?: string } = {},
): Promise<FollowedStream> {
  const leaving = new AbortController();
  const { query = '', lastEventId } = options;
  const response = await fetch(`${server.url}/events/stream${query}`, {
    headers: { 'x-api-key': key, ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) },
    signal: leaving.signal,
  });
  let text = '';
  const heartbeat = Promise.withResolvers<'alive'>();
  const read = async () => {
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body ?? []) {
        text += decoder.decode(chunk, { stream: true });
        if (text.includes(': alive')) heartbeat.resolve('alive');
      }
      return 'whole' as const;
    } catch {
      return 'cut' as const;
    }
  };
  const ended = read();
  return {
    status: response.status,
    get events() {
      return [...text.matchAll(/^data: (.*)$/gm)].map(([, json = '']) => JSON.parse(json));
    },
    text: () => text,
    alive: heartbeat.promise,
    ended,
    async close() {
      leaving.abort();
      await ended;
    },
  };
}

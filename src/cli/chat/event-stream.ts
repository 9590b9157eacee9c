import { createParser } from 'eventsource-parser';

/** One server-sent event, its data read as JSON. */
export interface ServerEvent {
  readonly name: string;
  readonly data: unknown;
}

/** The events of an answer, each as soon as it is whole. A body that breaks off ends by throwing what the network threw. */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  let arrived: ServerEvent[] = [];
  const parser = createParser({
    onEvent: ({ event, data }) => void arrived.push({ name: event ?? 'message', data: JSON.parse(data) }),
  });
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    yield* arrived;
    arrived = [];
  }
}

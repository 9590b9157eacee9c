import { createParser } from 'eventsource-parser';

/** One server-sent event, its data read as JSON. */
export interface ServerEvent {
  readonly name: string;
  readonly data: unknown;
}

/** The events of an answer, each as soon as it is whole. A body that breaks off ends by throwing what the network threw. */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = eventReader();
  const decoder = new TextDecoder();
  for await (const chunk of body) yield* reader(decoder.decode(chunk, { stream: true }));
}

/** The events of a stream that was kept. */
export function eventsIn(text: string): readonly ServerEvent[] {
  return eventReader()(text);
}

/** Takes text as it comes and gives the events that it completes. */
function eventReader(): (text: string) => readonly ServerEvent[] {
  let arrived: ServerEvent[] = [];
  const parser = createParser({
    onEvent: ({ event, data }) => void arrived.push({ name: event ?? 'message', data: JSON.parse(data) }),
  });
  return (text) => {
    arrived = [];
    parser.feed(text);
    return arrived;
  };
}

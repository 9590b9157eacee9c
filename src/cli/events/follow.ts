import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { ApiClient, ApiRequest } from '../api-client.ts';

/** Time between two connections. */
const RETRY_MS = 1_000;

/**
 * The events of the live stream, one JSON text each. A connection that ends, in order or not, is followed by another
 * that begins where it stood; what the server then refuses ends it, as does the signal.
 */
export async function* follow(
  api: ApiClient,
  query: NonNullable<ApiRequest['query']>,
  options: { readonly limit: number | undefined; readonly signal: AbortSignal },
): AsyncGenerator<string> {
  const { signal } = options;
  const place = { id: null as string | null, left: options.limit ?? Number.POSITIVE_INFINITY };
  for (;;) {
    const response = await api.stream({
      method: 'GET',
      path: '/events/stream',
      query: { ...query, limit: Number.isFinite(place.left) ? place.left : undefined },
      ...(place.id === null ? {} : { headers: { 'last-event-id': place.id } }),
      signal,
    });
    yield* eventsOf(response, place, signal);
    if (place.left <= 0) return;
    await pause(RETRY_MS, undefined, { signal });
  }
}

async function* eventsOf(
  response: Response,
  place: { id: string | null; left: number },
  signal: AbortSignal,
): AsyncGenerator<string> {
  if (response.body === null) return;
  let id = place.id;
  try {
    for await (const line of createInterface({ input: Readable.from(response.body), crlfDelay: Infinity })) {
      if (line.startsWith('id: ')) id = line.slice(4);
      else if (line.startsWith('data: ')) {
        yield line.slice(6);
        place.left -= 1;
      } else if (line === '') place.id = id;
    }
  } catch (error) {
    // A broken connection is no end: the next one is refused where there is a reason.
    if (signal.aborted) throw error;
  }
}

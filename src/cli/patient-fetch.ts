import { Agent, fetch as undiciFetch } from 'undici';

/**
 * `fetch` without the five minutes after which the built-in one gives up on an answer: a large upload is answered when
 * it is committed, and a query may run for `engine.max_timeout_ms`. How long to wait is the server's to say.
 */
export function createPatientFetch(): typeof fetch {
  const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0, connect: { timeout: 10_000 } });
  const patient: typeof undiciFetch = (input, init) => undiciFetch(input, { ...init, dispatcher });
  // One interface under two declarations: Node.js's own and the library's.
  return patient as typeof fetch;
}

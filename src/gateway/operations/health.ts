import { z } from 'zod';
import { type AnyOperation, readOperation } from '../../govern/scope/index.ts';

/** What the server says of itself; `live` must answer while the store does not. */
export interface Health {
  live(): boolean;
  ready(): Promise<{ readonly ready: boolean; readonly reasons: readonly string[] }>;
}

const NOTHING_TO_JUDGE = { none: 'answers about the server itself, no data and no change' } as const;

/** `system.health` and `system.ready`: public, for whoever supervises the process. */
export function healthOperations(parts: { version: string; health: Health }): readonly AnyOperation[] {
  return [
    readOperation({
      name: 'system.health',
      summary: 'Whether the process is alive',
      description: 'Answers from memory: it neither waits for the store nor for an engine process.',
      input: z.strictObject({}),
      output: z.strictObject({ status: z.enum(['ok', 'stopping']), version: z.string() }),
      access: { kind: 'public', reason: 'a supervisor has no key; the answer holds no data' },
      truth: { before: NOTHING_TO_JUDGE, after: NOTHING_TO_JUDGE },
      async run() {
        const status = parts.health.live() ? ('ok' as const) : ('stopping' as const);
        return { kind: 'value', value: { status, version: parts.version } };
      },
    }),
    readOperation({
      name: 'system.ready',
      summary: 'Whether the server can take traffic',
      description: '200 when store, journal, policy and engine answer; 503 with the reasons otherwise.',
      input: z.strictObject({}),
      output: z.strictObject({ ready: z.boolean(), reasons: z.array(z.string()) }),
      access: { kind: 'public', reason: 'a load balancer has no key; the answer holds no data' },
      truth: { before: NOTHING_TO_JUDGE, after: NOTHING_TO_JUDGE },
      async run() {
        const { ready, reasons } = await parts.health.ready();
        return { kind: 'value', value: { ready, reasons: [...reasons] }, status: ready ? 200 : 503 };
      },
    }),
  ];
}

import { z } from 'zod';
import { type AnyOperation, nothingToJudge, readOperation } from '../../govern/scope/index.ts';

/** The operation that proves a key before the gateway keeps bytes for its caller. */
export const SESSION_OPERATION = 'system.session';

/** `system.session`: who the presented key belongs to. */
export function sessionOperation(): AnyOperation {
  return readOperation({
    name: SESSION_OPERATION,
    summary: 'Who the presented key belongs to',
    description:
      'Name and role of the caller, and of the person it acts for. `GET /access/me` says what they may see.',
    input: z.strictObject({}),
    output: z.strictObject({ name: z.string(), role: z.string(), on_behalf_of: z.string().nullable() }),
    access: { kind: 'authenticated', reason: 'tells a caller its own name and role' },
    truth: nothingToJudge('no data'),
    async run(scope) {
      const { name, role, onBehalfOf } = scope.identity;
      return { kind: 'value', value: { name, role, on_behalf_of: onBehalfOf?.name ?? null } };
    },
  });
}

import { LakeError } from '../../base/index.ts';
import { doorErrors } from '../errors.ts';
import { inputMistake } from '../input-mistake.ts';
import type { Identified } from './identify.ts';

class Validated {
  declare protected readonly evidence: 'validate';
  readonly caller: Identified;
  readonly input: unknown;

  constructor(caller: Identified, input: unknown) {
    this.caller = caller;
    this.input = input;
  }
}

export type { Validated };

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,128}$/;

/** Step 2. The operation's schema judges the input; what it does not know is refused. */
export function validate(caller: Identified): Validated {
  const { call, operation } = caller;
  const key = call.idempotencyKey;
  if (key !== null && (operation.kind === 'read' || !IDEMPOTENCY_KEY.test(key))) {
    throw new LakeError(doorErrors.idempotency_key_invalid, {
      detail:
        operation.kind === 'read'
          ? `${operation.name} changes nothing and takes no Idempotency-Key; send it without.`
          : 'The Idempotency-Key must be 1 to 128 visible ASCII characters.',
    });
  }
  const parsed = operation.input.safeParse(call.input, { error: inputMistake });
  if (parsed.success) return new Validated(caller, parsed.data);
  const errors = parsed.error.issues.slice(0, 20).map((issue) => ({
    pointer: `/${issue.path.map(String).join('/')}`,
    detail: issue.message,
  }));
  throw new LakeError(doorErrors.invalid_input, {
    detail: `The input of ${operation.name} is not valid: ${errors[0]?.pointer ?? '/'}: ${errors[0]?.detail ?? ''}`,
    data: { errors },
  });
}

import { LakeError } from '../base/index.ts';
import type { AccessControl } from '../govern/access/index.ts';
import type { Identity } from '../govern/scope/index.ts';
import { doorErrors } from './errors.ts';

/** How long a request may go on: until its caller leaves, its key stops being valid, or its record cannot be kept. */
export interface Lifetime {
  readonly signal: AbortSignal;
  /** Why it was cut short; null while it goes on or after it ended by itself. */
  reason(): Error | null;
  /** Cuts it short; of several reasons the first counts. */
  stop(reason: Error): void;
  end(): void;
}

export function beginLifetime(access: AccessControl, identity: Identity, caller: AbortSignal): Lifetime {
  const controller = new AbortController();
  let cut: Error | null = null;
  const stop = (error: Error) => {
    cut ??= error;
    controller.abort(cut);
  };
  const left = () =>
    stop(
      new LakeError(doorErrors.cancelled, {
        detail: 'The request was cancelled by its caller or by shutdown.',
      }),
    );
  const unsubscribe = access.onRevoked(identity, () =>
    stop(
      new LakeError(doorErrors.revoked, { detail: 'The key was revoked or expired while the request ran.' }),
    ),
  );
  if (caller.aborted) left();
  else caller.addEventListener('abort', left, { once: true });
  return {
    signal: controller.signal,
    reason: () => cut,
    stop,
    end() {
      unsubscribe();
      caller.removeEventListener('abort', left);
    },
  };
}

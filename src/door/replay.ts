import { LakeError } from '../base/index.ts';
import type { Answer } from './door.ts';
import { doorErrors } from './errors.ts';
import { fingerprintOf, hashBody, type Remembered } from './idempotency.ts';
import type { Auditor } from './steps/audit.ts';
import type { Validated } from './steps/validate.ts';

/**
 * Answers a mutation that was done before under the same Idempotency-Key. Only the same identity gets here, and only
 * the answer it was given then, without secrets. It comes before *resolve*, because what was done may have removed the
 * very thing the request names.
 */
export async function replay(parts: {
  readonly request: Validated;
  readonly remembered: Remembered;
  readonly auditor: Auditor;
  readonly startedMs: number;
}): Promise<Answer> {
  const { request, remembered } = parts;
  const { call, identity } = request.caller;
  const body = hashBody(call.body);
  if (remembered.fingerprint !== fingerprintOf(request.input, await body.digest())) {
    throw new LakeError(doorErrors.idempotency_mismatch, {
      detail: 'This Idempotency-Key was used for a request with other fields or content; use a new key.',
    });
  }
  await parts.auditor.replayed(request, parts.startedMs);
  const { status, headers, value } = remembered;
  return { kind: 'value', status, headers, value, replayed: true, identity };
}

import { LakeError } from '../base/index.ts';
import { gatewayErrors } from './errors.ts';

/** Bounds the memory that request bodies read as a whole may take together (F-10), whoever sends them. */
export interface BodyBudget {
  /**
   * Reserves the bytes until the returned function is called. Past half of all, `permit` is asked first, which throws where the
   * caller is no one we keep bytes for: bodies are read before a key is looked at, and strangers would leave no room for
   * callers. Throws `gateway.overloaded`.
   */
  reserve(sizeBytes: number, permit: () => Promise<void>): Promise<() => void>;
}

export function createBodyBudget(totalBytes: number): BodyBudget {
  let reservedBytes = 0;
  return {
    async reserve(sizeBytes, permit) {
      if (reservedBytes + sizeBytes > totalBytes / 2) await permit();
      if (reservedBytes + sizeBytes > totalBytes) {
        throw new LakeError(gatewayErrors.overloaded, {
          detail:
            'The server is reading as many request bodies as it has memory for. Send the request again.',
          data: { retry_after_s: 1 },
        });
      }
      reservedBytes += sizeBytes;
      return () => {
        reservedBytes -= sizeBytes;
      };
    },
  };
}

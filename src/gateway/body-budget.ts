import { LakeError } from '../base/index.ts';
import { gatewayErrors } from './errors.ts';

/** Bounds the memory that request bodies read as a whole may take together (F-10), whoever sends them. */
export interface BodyBudget {
  /** Reserves the bytes until the returned function is called. Throws `gateway.overloaded`. */
  reserve(sizeBytes: number): () => void;
}

export function createBodyBudget(totalBytes: number): BodyBudget {
  let reservedBytes = 0;
  return {
    reserve(sizeBytes) {
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

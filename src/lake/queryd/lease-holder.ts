import { canonicalJson, type JsonObject, sha256Hex } from '../../base/index.ts';
import type { Identity } from '../../govern/scope/index.ts';

/**
 * Whose engine instance a query may use again (K-6): a hash over everything that makes the caller who it is, the person it
 * acts for, and the policy it is judged by. Two callers who differ in any of it never share one. Null where no key stands
 * for the caller: then nobody shares. An instance remembers footers of its files by path and time, and an object registered in
 * place keeps its path when another takes its place, so the snapshots that are read are part of it too.
 */
export function leaseHolder(
  identity: Identity,
  reads: {
    readonly policyVersions: readonly number[];
    readonly snapshots: Readonly<Record<string, string | null>>;
  },
): string | null {
  if (identity.keyId === null) return null;
  const { policyVersions, snapshots } = reads;
  return sha256Hex(
    canonicalJson({
      caller: factsOf(identity),
      policyVersions: [...policyVersions],
      snapshots: { ...snapshots },
    }),
  );
}

function factsOf({ name, role, attributes, keyId, onBehalfOf }: Identity): JsonObject {
  return {
    name,
    role,
    attributes: [...attributes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => [key, value]),
    keyId,
    onBehalfOf: onBehalfOf === null ? null : factsOf(onBehalfOf),
  };
}

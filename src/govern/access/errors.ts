import { declareErrors } from '../../base/index.ts';

export const accessErrors = declareErrors('access', {
  unauthenticated: {
    kind: 'unauthenticated',
    title: 'No valid key',
    remedy:
      'Send a valid key in X-API-Key (or Authorization: Bearer). A malformed, unknown, expired or revoked key answers the same.',
  },
  key_file_unusable: {
    kind: 'internal',
    title: 'A secret of the home cannot be used',
    remedy: 'Restore the named file of the home’s keys folder from the backup that its store came from.',
  },
  unavailable: {
    kind: 'unavailable',
    title: 'Access cannot be decided',
    remedy: 'The keys or the policy cannot be read, so everything is refused. Try again; see GET /ready.',
    retryable: true,
  },
  invalid_policy: {
    kind: 'invalid',
    title: 'Policy not valid',
    remedy: 'Correct what `problems` names; nothing was changed.',
  },
  policy_changed: {
    kind: 'conflict',
    title: 'The policy was changed by others',
    remedy: 'Read GET /access/policies again, apply your change to it and send it with the new version.',
  },
  unknown_role: {
    kind: 'invalid',
    title: 'Unknown role',
    remedy: 'Use a role that GET /access/roles lists, or add it to the policy first.',
  },
  invalid_key_request: {
    kind: 'invalid',
    title: 'The key cannot be made',
    remedy: 'Correct the named member.',
  },
  key_not_found: {
    kind: 'not_found',
    title: 'No such key',
    remedy: 'See GET /access/keys for the keys of this server.',
  },
  key_not_live: {
    kind: 'conflict',
    title: 'The key is revoked or expired',
    remedy: 'Make a new key with POST /access/keys.',
  },
  last_administrator: {
    kind: 'conflict',
    title: 'Nobody could manage access any more',
    remedy:
      'Make a key of the role admin first (POST /access/keys), or repeat with ?force=true (--force). After that, `lakehouse keys recover` on the stopped home makes one.',
  },
  secret_rotated: {
    kind: 'conflict',
    title: 'The secret was rotated by others',
    remedy: 'A newer version is in force; rotate again if that is what you want.',
  },
  agent_not_found: {
    kind: 'not_found',
    title: 'No such agent',
    remedy: 'Name a live key of the agent by its key id, or by its name where one key alone has it.',
  },
  delegation_refused: {
    kind: 'forbidden',
    title: 'This caller cannot delegate',
    remedy: 'Delegate with your own key, to another key, and not while acting for someone.',
  },
  delegation_not_found: {
    kind: 'not_found',
    title: 'No such delegation',
    remedy: 'See GET /access/delegations for yours.',
  },
  explain_refused: {
    kind: 'forbidden',
    title: 'Not allowed to explain others',
    remedy: 'Leave out role and identity to explain yourself, or ask for the permission access.admin.',
  },
  dataset_not_found: {
    kind: 'not_found',
    title: 'Dataset not found',
    remedy: 'Check the name with GET /access/me. A dataset you have no grant for answers the same.',
  },
  column_not_found: {
    kind: 'not_found',
    title: 'Column not found',
    remedy: 'Name a column by its dotted path; GET /access/me lists yours.',
  },
  identity_ambiguous: {
    kind: 'invalid',
    title: 'Keys of different rights carry this name',
    remedy: 'Explain a role, with the attributes of the key that is meant; GET /access/keys lists both.',
  },
  identity_not_found: {
    kind: 'not_found',
    title: 'No such identity',
    remedy: 'Name an identity that a key of GET /access/keys carries.',
  },
});

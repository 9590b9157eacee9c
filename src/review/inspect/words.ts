/** The words of a name: `requireApiKey` and `require_api_key` are both require, api, key. */
export function wordsOf(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .split(/[^A-Za-z\d]+/)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase());
}

/** Whether a name speaks of enforcement: access, audit, validation, limits. Whole words, so that `author` is none. */
export function isEnforcementName(name: string): boolean {
  const words = wordsOf(name);
  if (words[0] === 'require' && words.length > 1) return true;
  return words.some((word) => ENFORCEMENT_WORDS.has(word));
}

/** Whether a file stands in a place of enforcement, by the names of its folders and its own. */
export function isEnforcementPath(path: string): boolean {
  return path.split('/').some((part) => wordsOf(part).some((word) => ENFORCEMENT_PLACES.has(word)));
}

/** Whether a function's name promises a yes or a no about what a caller may do or a value is worth. */
export function isDecisionName(name: string): boolean {
  const [first = '', ...rest] = wordsOf(name);
  if (DECIDING_VERBS.has(first)) return true;
  return ['is', 'can', 'may', 'has', 'should'].includes(first) && rest.some((word) => DECIDED.has(word));
}

const ENFORCEMENT_WORDS: ReadonlySet<string> = new Set([
  ...['auth', 'authenticate', 'authenticated', 'authentication', 'authenticator', 'access', 'acl', 'rbac'],
  ...['authorise', 'authorised', 'authorize', 'authorized', 'authorization', 'authorisation', 'authorizer'],
  ...['guard', 'guards', 'guarded', 'mask', 'masks', 'masked', 'redact', 'redacted', 'scrub', 'sanitise'],
  ...['sanitize', 'sanitizer', 'sanitized', 'audit', 'audited', 'journal', 'verify', 'verifier', 'validate'],
  ...['validator', 'validation', 'limiter', 'ceiling', 'quota', 'throttle', 'policy', 'policies'],
  ...['permission', 'permissions', 'permitted', 'permit', 'enforce', 'enforcement', 'forbid', 'deny', 'csrf'],
  ...['check', 'limit', 'ensure', 'timing', 'revoke', 'revoked'],
]);

const ENFORCEMENT_PLACES: ReadonlySet<string> = new Set([
  ...['auth', 'access', 'guard', 'guards', 'policy', 'policies', 'permission', 'permissions', 'audit'],
  ...['journal', 'security', 'acl', 'rbac', 'csrf'],
]);

const DECIDING_VERBS: ReadonlySet<string> = new Set([
  ...['authorize', 'authorise', 'authenticate', 'evaluate', 'verify', 'validate', 'permit', 'enforce'],
  ...['check', 'matches', 'allow', 'allows', 'permits'],
]);

const DECIDED: ReadonlySet<string> = new Set([
  ...['allowed', 'authorized', 'authorised', 'authenticated', 'permitted', 'access', 'permission'],
  ...[
    'valid',
    'verified',
    'granted',
    'forbidden',
    'denied',
    'blocked',
    'banned',
    'trusted',
    'safe',
    'secure',
  ],
  ...['read', 'write', 'delete', 'edit', 'update', 'view', 'admin', 'expired', 'revoked', 'allow', 'limited'],
]);

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { policyParser } from '../../../test/support/policy-parser.ts';
import { isLakeError } from '../../base/index.ts';
import { boundSince, compilePolicy } from './compiled-policy.ts';
import { policySchema, policyText } from './policy-document.ts';
import { parsePolicyToml } from './policy-toml.ts';

function refusalOf(toml: string): string {
  try {
    parsePolicyToml(toml, 'access.toml');
  } catch (error) {
    if (isLakeError(error) && error.code === 'access.invalid_policy') return error.detail;
    throw error;
  }
  throw new Error('the policy was accepted');
}

describe('policy file', () => {
  it('reads the form of the documentation', () => {
    const policy = parsePolicyToml(
      `[roles.analyst]
       grants = [{ dataset = "candidates", actions = ["read"] }, { dataset = "flights*", actions = ["read"] }]
       [[masks]]
       tag = "pii.email"
       method = "email"
       except_roles = ["admin", "recruiter"]
       [[row_filters]]
       dataset = "candidates"
       roles = ["recruiter"]
       where = "region = identity.region"`,
      'access.toml',
    );
    expect(policy.roles.analyst?.grants).toHaveLength(2);
    expect(policy.masks[0]).toMatchObject({ tag: 'pii.email', except_roles: ['admin', 'recruiter'] });
    expect(policy.row_filters[0]).toMatchObject({ roles: ['recruiter'] });
  });

  it('accepts the shipped policy, expressions included', async () => {
    const path = new URL('../../../config/access.toml', import.meta.url);
    const document = parsePolicyToml(readFileSync(path, 'utf8'), 'access.toml');
    const since = boundSince(document, new Map(), 1, false);
    const compiled = await compilePolicy({ document, version: 1, since, parser: await policyParser() });
    expect([...compiled.roles.keys()]).toEqual(['analyst', 'recruiter', 'agent', 'auditor']);
    expect(compiled.roles.get('auditor')?.grants).toEqual([]);
  });

  it.each([
    ['[roles.analyst]\ngrant = []', ['line 2', 'roles.analyst.grant', '"grants"']],
    ['[role.analyst]', ['line 1', 'role', '"roles"']],
    ['\n[[masks]]\ntag = "pii.email"\nmethod = "redcat"', ['line 4', 'masks[0].method', '"redact"']],
    ['[roles.a]\ngrants = [{ dataset = "x", actions = ["reed"] }]', ['line 2', '"read"']],
    ['[roles.a]\npermissions = ["journal.raed"]', ['line 2', '"journal.read"']],
    ['[roles.a]\ngrants = [{ dataset = "x\\"y", actions = ["read"] }]', ['line 2', 'dataset pattern']],
    ['[[masks]]\nmethod = "null"', ['line 1', 'names a tag']],
    ['[[masks]]\ntag = "pii.a"\ncolumn = "b"\nmethod = "null"', ['line 3', 'not both']],
    ['[[masks]]\ntag = "pii.a"\nmethod = "expression"', ['exactly for the method expression']],
    ['[[masks]]\ntag = "pii.a"\nmethod = "null"\nexpression = "1"', ['line 4', 'exactly']],
    ['[[row_filters]]\ndataset = "a"', ['line 1', 'row_filters[0].where']],
    ['[roles.Analyst]', ['line 1', 'lower-case']],
    ['[roles.analyst', ['line 1', 'Not valid TOML']],
    ['[roles.a]\nbuckets = [{ bucket = "b", prefix = "a/../b", actions = ["read"] }]', ['line 2', 'prefix']],
  ])('refuses %j with its place', (toml, parts) => {
    const detail = refusalOf(toml);
    for (const part of parts) expect(detail).toContain(part);
  });

  it.each(['[roles.__proto__]', '[roles."\\u005f_proto__"]', '[roles]\n__proto__ = {}'])(
    'refuses %j, a name that no object keeps, rather than leave the role out',
    (toml) => {
      expect(refusalOf(`${toml}\n`)).toContain('roles.__proto__: The name is not allowed');
    },
  );

  it('keeps a role that is named like a member of every object', async () => {
    const grants = [{ dataset: 'flights', actions: ['read'] }];
    const document = policySchema.parse({ roles: { constructor: { grants } } });
    const since = boundSince(document, new Map(), 1, false);
    const compiled = await compilePolicy({ document, version: 1, since, parser: await policyParser() });
    expect(compiled.roles.get('constructor')).toMatchObject({ grants });
    expect(policySchema.parse(JSON.parse(policyText(document)))).toEqual(document);
  });

  it('has no role or member from an object’s prototype', () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const roles = JSON.parse(`{"${name}": {"permissions": ["access.admin"]}}`) as object;
      const result = policySchema.safeParse({ roles });
      // A name that is refused or that grants nothing are both right; one that reaches a prototype is not.
      if (result.success) expect(Object.keys(result.data.roles)).not.toContain('__proto__');
      expect(Object.getPrototypeOf(result.success ? result.data.roles : {})).not.toHaveProperty(
        'permissions',
      );
    }
    expect(Object.hasOwn(Object.prototype, 'permissions')).toBe(false);
  });
});

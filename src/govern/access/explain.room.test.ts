import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessRoom } from '../../../test/support/access-room.ts';
import { openCandidatesRoom, secretSql } from '../../../test/support/candidates-room.ts';

let room: AccessRoom;
let analyst: string;

/** One room for tests that only ask. */
function sharedRoom(): void {
  beforeAll(async () => {
    ({ room, analyst } = await openCandidatesRoom());
  });
  afterAll(() => room.close());
}

describe('who am I', () => {
  sharedRoom();

  it('shows the datasets one may read, what is masked and why', async () => {
    const { datasets, permissions } = await room.call('access.me', {}, { key: analyst });
    expect(permissions).toEqual([]);
    expect(datasets).toHaveLength(1);
    expect(datasets[0]).toMatchObject({ name: 'candidates', actions: ['read'], filtered: true });
    expect(datasets[0].columns[2]).toMatchObject({
      name: 'email',
      masked: true,
      method: 'email',
      because: ['tag pii.email'],
    });
  });

  it('says why a granted dataset cannot be read', async () => {
    const made = await room.call('access.keys.create', { name: 'bob', role: 'analyst' });
    const { datasets } = await room.call('access.me', {}, { key: made.key });
    expect(datasets[0]).toMatchObject({ actions: [], columns: [] });
    expect(datasets[0].refused_because).toContain('attribute region');
  });
});

describe('explain', () => {
  sharedRoom();

  const explain = (input: Record<string, unknown>, key = room.adminKey) =>
    room.call('access.explain', input, { key });
  const refused = (input: Record<string, unknown>, key = analyst) =>
    room.refusal('access.explain', input, { key });

  it('answers with the decision of the request path', async () => {
    const answer = await explain({ identity: 'ada', dataset: 'candidates', column: 'email' });
    expect(answer).toMatchObject({
      subject: { name: 'ada', role: 'analyst' },
      allowed: true,
      grants: ['analyst: read on candidates'],
      columns: [{ name: 'email', masked: true, method: 'email', because: ['tag pii.email'] }],
    });
    expect(answer.row_filters[0].where).toBe(secretSql);
  });

  it('explains a role with attributes, and what is missing', async () => {
    const asked = { role: 'analyst', dataset: 'candidates' };
    expect((await explain(asked)).reason).toContain('needs the identity attribute region');
    expect((await explain({ ...asked, attributes: { region: 'EU' } })).allowed).toBe(true);
    expect((await explain({ role: 'auditor', dataset: 'candidates' })).reason).toContain('no grant');
    expect((await explain({ ...asked, attributes: { region: 'EU' }, action: 'write' })).allowed).toBe(false);
  });

  it('explains no name that keys of different rights carry', async () => {
    const asked = { identity: 'twin', dataset: 'candidates' };
    const twin = (region: string) =>
      room.call('access.keys.create', { name: 'twin', role: 'analyst', attributes: { region } });
    await twin('EU');
    await twin('EU');
    expect((await explain(asked)).allowed).toBe(true);
    await twin('US');
    expect(await refused(asked, room.adminKey)).toBe('access.identity_ambiguous');
  });

  it('explains oneself to anyone, without policy SQL', async () => {
    const answer = await explain({ dataset: 'candidates' }, analyst);
    expect(answer.allowed).toBe(true);
    expect(answer.row_filters[0].where).toBeNull();
    expect(JSON.stringify(answer)).not.toContain('Top Secret');
    expect((await explain({ dataset: 'known' }, analyst)).reason).toContain('no grant');
  });

  it('explains others to administrators alone, and no dataset that may not be known', async () => {
    expect(await refused({ role: 'admin', dataset: 'candidates' })).toBe('access.explain_refused');
    expect(await refused({ identity: 'admin', dataset: 'candidates' })).toBe('access.explain_refused');
    expect(await refused({ attributes: { region: 'US' }, dataset: 'candidates' })).toBe(
      'access.explain_refused',
    );
    expect(await refused({ dataset: 'secrets' })).toBe('access.dataset_not_found');
    expect(await refused({ dataset: 'nothing' })).toBe('access.dataset_not_found');
    expect(await refused({ dataset: 'candidates', column: 'nothing' })).toBe('access.column_not_found');
    expect(await refused({ role: 'nobody', dataset: 'candidates' }, room.adminKey)).toBe(
      'access.unknown_role',
    );
    expect(await refused({ identity: 'nobody', dataset: 'candidates' }, room.adminKey)).toBe(
      'access.identity_not_found',
    );
  });
});

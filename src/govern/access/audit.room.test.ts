import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AccessRoom, openAccessRoom } from '../../../test/support/access-room.ts';
import { identityOf } from '../../../test/support/policy-cases.ts';
import type { AuditOpening } from './access-control.ts';

let room: AccessRoom;
beforeEach(async () => {
  room = await openAccessRoom();
});
afterEach(() => room.close());

let count = 0;
async function open(more: Partial<AuditOpening> = {}): Promise<string> {
  const auditId = room.options.ids.next();
  const statement = room.access.control.auditOpened({
    auditId,
    requestId: `request-${++count}`,
    timeMs: room.time.nowMs,
    identity: identityOf('analyst', { region: 'EU' }),
    operation: 'query.sql',
    door: 'http',
    decision: 'allowed',
    code: null,
    policyVersion: 3,
    datasets: [
      {
        datasetId: 'd1',
        name: 'sales.orders_eu',
        action: 'read',
        snapshotId: '9007199254740993',
        fieldIds: [1, 2],
        maskedFieldIds: [2],
        filtered: true,
      },
    ],
    truth: [{ rule: 'no-secrets', action: 'flag' }],
    statement: { sql: 'SELECT 1', parametersJson: '[1]' },
    ...more,
  });
  await room.store.commit([statement]);
  return auditId;
}

const close = (auditId: string, more = {}) =>
  room.store.commit([
    room.access.control.auditClosed({
      auditId,
      status: 'ok',
      code: null,
      rowCount: 7,
      latencyMs: 12.5,
      truth: [{ rule: 'no-secrets', action: 'flag' }],
      ...more,
    }),
  ]);
const rows = async (filter: Record<string, unknown> = {}) =>
  (await room.call('access.audit', { operation: 'query.sql', ...filter })).rows;

describe('audit', () => {
  it('records all of a request, readable while it runs and once it ended', async () => {
    const auditId = await open();
    expect((await rows())[0]).toMatchObject({ audit_id: auditId, status: 'open', row_count: null });
    expect((await close(auditId)).committed).toBe(true);
    expect((await rows())[0]).toMatchObject({
      identity: 'analyst',
      role: 'analyst',
      key_id: 'key-of-analyst',
      on_behalf_of: null,
      decision: 'allowed',
      policy_version: 3,
      datasets: [
        {
          dataset_id: 'd1',
          name: 'sales.orders_eu',
          action: 'read',
          snapshot_id: '9007199254740993',
          field_ids: [1, 2],
          masked_field_ids: [2],
          filtered: true,
        },
      ],
      truth: [{ rule: 'no-secrets', action: 'flag' }],
      statement: { sql: 'SELECT 1', parameters_json: '[1]' },
      status: 'ok',
      row_count: 7,
      latency_ms: 12.5,
    });
  });

  it('closes a row once, and only one that was opened', async () => {
    const auditId = await open();
    await close(auditId);
    const refused = { committed: false, refusal: 'audit_row_missing' };
    expect(await close(auditId, { rowCount: 0 })).toEqual(refused);
    expect(await close('nothing')).toEqual(refused);
    expect((await rows())[0].row_count).toBe(7);
  });

  it('is found by identity, either side of a delegation, dataset, decision and time', async () => {
    await open();
    room.time.advance(60_000);
    const onBehalf = identityOf('agent', {}, identityOf('rita'));
    await open({ identity: onBehalf, datasets: [], decision: 'denied', code: 'door.forbidden' });
    expect(await rows({ identity: 'rita' })).toHaveLength(1);
    expect(await rows({ identity: 'agent' })).toHaveLength(1);
    expect(await rows({ identity: 'agent for rita' })).toHaveLength(1);
    expect(await rows({ dataset: 'sales.orders_eu' })).toHaveLength(1);
    // `_` stands for itself, and a name is whole.
    for (const dataset of ['sales.ordersXeu', 'sales', 'orders_eu'])
      expect(await rows({ dataset })).toEqual([]);
    expect(await rows({ decision: 'denied' })).toHaveLength(1);
    expect(await rows({ since: '2026-01-01T00:01:00Z' })).toHaveLength(1);
    expect(await rows({ until: '2026-01-01T00:01:00Z' })).toHaveLength(1);
    expect(await room.refusal('access.audit', { dataset: "a' OR 1=1" })).toBe('door.invalid_input');
  });

  it('is read page by page, newest first', async () => {
    const ids: string[] = [];
    for (let number = 0; number < 5; number++) ids.push(await open());
    const first = await room.call('access.audit', { operation: 'query.sql', limit: 3 });
    expect(first.rows.map((row: { audit_id: string }) => row.audit_id)).toEqual(ids.slice(2).reverse());
    const second = await room.call('access.audit', { operation: 'query.sql', limit: 3, before: first.next });
    expect(second.rows.map((row: { audit_id: string }) => row.audit_id)).toEqual(ids.slice(0, 2).reverse());
    expect(second.next).toBeNull();
  });

  it('is kept for the days configured, and no longer', async () => {
    await open();
    room.time.advance(86_400_000);
    await open();
    expect(await room.access.auditRetention(room.time.nowMs)).toBeNull();
    const statement = await room.access.auditRetention(room.time.nowMs + 399 * 86_400_000 + 1);
    if (statement === null) throw new Error('no retention');
    await room.store.commit([statement]);
    expect(await rows()).toHaveLength(1);
  });
});

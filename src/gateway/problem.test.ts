import { describe, expect, it } from 'vitest';
import { ERROR_KINDS } from '../base/errors.ts';
import { declareErrors, LakeError } from '../base/index.ts';
import { asLakeError, STATUS_OF_KIND, toProblem } from './problem.ts';

const errors = declareErrors('sample', {
  busy: { kind: 'rate_limited', title: 'Busy', remedy: 'Wait.', retryable: true },
  bad: { kind: 'invalid', title: 'Bad', remedy: 'Correct it.' },
  none: { kind: 'unauthenticated', title: 'Who', remedy: 'Send a key.' },
});

describe('a refusal over the wire', () => {
  it('carries every member of RFC 9457 and the data beside them', () => {
    const error = new LakeError(errors.bad, {
      detail: 'It is bad.',
      data: { errors: [{ pointer: '/a', detail: 'no' }], line: 3 },
    });
    expect(toProblem(error, 'request-1')).toEqual({
      status: 400,
      headers: { 'content-type': 'application/problem+json' },
      body: {
        type: '/problems/sample.bad',
        title: 'Bad',
        status: 400,
        detail: 'It is bad.',
        remedy: 'Correct it.',
        instance: 'request-1',
        code: 'sample.bad',
        retryable: false,
        errors: [{ pointer: '/a', detail: 'no' }],
        line: 3,
      },
    });
  });

  it('lets data replace no standard member', () => {
    const data = { status: 200, code: 'fine', detail: 'fine', remedy: 'none', type: 'x', instance: 'y' };
    const { body } = toProblem(new LakeError(errors.bad, { detail: 'It is bad.', data }), 'request-1');
    expect(body).toMatchObject({
      status: 400,
      code: 'sample.bad',
      detail: 'It is bad.',
      remedy: 'Correct it.',
      instance: 'request-1',
    });
  });

  it('says when to come back, and how to authenticate', () => {
    const busy = new LakeError(errors.busy, { detail: 'Busy.', data: { retry_after_s: 1.2 } });
    expect(toProblem(busy, 'r').headers).toMatchObject({ 'retry-after': '2' });
    expect(toProblem(new LakeError(errors.none, { detail: 'Who?' }), 'r').headers).toMatchObject({
      'www-authenticate': 'Bearer realm="lakehouse"',
    });
  });

  it('tells nothing of an unexpected failure', () => {
    const problem = toProblem(asLakeError(new Error('password=hunter2 at /home/x')), 'r');
    expect(problem.status).toBe(500);
    expect(JSON.stringify(problem)).not.toMatch(/hunter2|home/);
  });

  it('maps every kind to an error status', () => {
    expect(Object.keys(STATUS_OF_KIND).sort()).toEqual([...ERROR_KINDS].sort());
    for (const status of Object.values(STATUS_OF_KIND)) expect(status).toBeGreaterThanOrEqual(400);
  });
});

import { describe, expect, it } from 'vitest';
import { attemptRow, calibrated } from './knowledge-rows.fixture.ts';
import { calibratedConfidence, modelTrust, trustIn } from './model-trust.ts';

const MODEL = 'local/reader';
const times = (count: number, outcome: Parameters<typeof attemptRow>[0]) =>
  Array.from({ length: count }, () => attemptRow(outcome));

describe('the trust in a model', () => {
  it('starts undecided', () => {
    const { answers, readings, trust } = trustIn('never/seen', []);
    expect([answers.mean, readings.mean, trust]).toEqual([0.5, 0.5, 0.25]);
  });

  it('grows with accepted answers and shrinks with those that could not be used', () => {
    const outcomes = ['unparsable', 'incomplete', 'bad_citation', 'refused', 'cut'] as const;
    const [trust] = modelTrust([...times(8, 'accepted'), ...outcomes.flatMap((one) => times(1, one))]);
    expect(trust?.answers).toMatchObject({ successes: 8, failures: 5, mean: 9 / 15 });
    expect(trust?.readings.mean).toBe(0.5);
  });

  it('holds no failure of a provider against its model', () => {
    const [trust] = modelTrust([...times(3, 'accepted'), ...times(50, 'failed')]);
    expect(trust?.answers).toMatchObject({ successes: 3, failures: 0 });
  });

  it('counts a planted defect that was missed, and a clean control that was accused, against its readings', () => {
    const [trust] = modelTrust([...calibrated(7, 2), ...times(1, 'false_alarm'), ...times(98, 'accepted')]);
    expect(trust).toMatchObject({ caught: 7, missed: 2, false_alarms: 1 });
    expect(trust?.readings.mean).toBeCloseTo(8 / 12);
    expect(trust?.trust).toBeCloseTo((99 / 100) * (8 / 12));
  });

  it('is surer of its estimate with each outcome', () => {
    const few = trustIn(MODEL, modelTrust(calibrated(4))).readings.deviation;
    const many = trustIn(MODEL, modelTrust(calibrated(40))).readings.deviation;
    expect(many).toBeLessThan(few / 2);
  });

  it('takes an answer that was held to a planted defect for an acceptable one', () => {
    const held = attemptRow('missed', { output_format: 'json' });
    const [trust] = modelTrust([held, ...times(1, 'unparsable')]);
    expect(trust?.answers).toMatchObject({ successes: 1, failures: 1 });
    expect(trust?.readings).toMatchObject({ successes: 0, failures: 1 });
  });

  it('keeps models apart', () => {
    const trusts = modelTrust([...calibrated(5), attemptRow('missed', { model: 'other/one' })]);
    expect(trusts.map(({ model, caught, missed }) => [model, caught, missed])).toEqual([
      [MODEL, 5, 0],
      ['other/one', 0, 1],
    ]);
  });

  it('is no confidence before planted defects were read, however many answers were accepted', () => {
    expect(calibratedConfidence(MODEL, modelTrust(times(1_000, 'accepted')))).toBe(0.5);
    expect(calibratedConfidence(MODEL, modelTrust(calibrated(3)))).toBe(0.8);
  });
});

import { expect, it } from 'vitest';
import { LakeError } from '../base/index.ts';
import { createBodyBudget } from './body-budget.ts';
import { gatewayErrors } from './errors.ts';

it('keeps bodies within the memory they may take together, and strangers within half of it', async () => {
  const { reserve } = createBodyBudget(100);
  const known = async () => {};
  const stranger = async () => {
    throw new LakeError(gatewayErrors.bad_url, { detail: 'No.' });
  };
  const codeOf = (asked: Promise<unknown>) => asked.then(() => null).catch(({ code }) => code);
  const first = await reserve(50, stranger);
  expect(await codeOf(reserve(1, stranger))).toBe('gateway.bad_url');
  const second = await reserve(50, known);
  expect(await codeOf(reserve(1, known))).toBe('gateway.overloaded');
  expect(await codeOf(reserve(1, stranger))).toBe('gateway.bad_url');
  second();
  expect(await codeOf(reserve(51, known))).toBe('gateway.overloaded');
  await reserve(50, known);
  first();
  expect(await codeOf(reserve(50, known))).toBe(null);
  expect(await codeOf(reserve(1, known))).toBe('gateway.overloaded');
});

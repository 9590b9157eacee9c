import { describe, expect, test } from 'vitest';
import { argumentJudge, parametersSchema } from './tool-parameters.ts';

const parameters = {
  ...parametersSchema.parse({
    required: ['id'],
    properties: {
      id: { type: 'integer', minimum: 1, maximum: 9 },
      skill: { type: 'string', maxLength: 5 },
      grade: { type: 'string', enum: ['junior', 'senior'], default: 'junior' },
      rate: { type: 'number', minimum: 0 },
      open: { type: 'boolean', default: true },
    },
  }),
  additionalProperties: false,
} as const;
const judge = argumentJudge(parameters);

describe('arguments', () => {
  test.each([
    [{ id: 1 }, { id: 1, skill: null, grade: 'junior', rate: null, open: true }],
    [
      { id: 9, skill: "'; --", grade: 'senior', rate: 0.5, open: false },
      { id: 9, skill: "'; --", grade: 'senior', rate: 0.5, open: false },
    ],
  ])('%j fit: defaults are filled in, and the rest is null', (given, values) => {
    expect(judge(given)).toEqual({ ok: true, values });
  });

  test.each([
    [{}, ['/arguments/id']],
    [{ id: 0 }, ['/arguments/id']],
    [{ id: 10 }, ['/arguments/id']],
    [{ id: '1' }, ['/arguments/id']],
    [{ id: 1.5 }, ['/arguments/id']],
    [{ id: 1, skill: 'toolong' }, ['/arguments/skill']],
    [{ id: 1, skill: null }, ['/arguments/skill']],
    [{ id: 1, skill: ['a'] }, ['/arguments/skill']],
    [{ id: 1, grade: 'chief' }, ['/arguments/grade']],
    [{ id: 1, rate: -1 }, ['/arguments/rate']],
    [{ id: 1, open: 'true' }, ['/arguments/open']],
    [{ id: 1, constructor: 1 }, ['/arguments/constructor']],
    [JSON.parse('{"id": 1, "__proto__": {"open": false}}'), ['/arguments/__proto__']],
    [{ id: 'x', skil: 1, rate: 'y' }, ['/arguments/id', '/arguments/rate', '/arguments/skil']],
  ])('%j do not, and every mistake is named by its pointer', (given, pointers) => {
    const judged = judge(given);
    expect(judged.ok ? [] : judged.mistakes.map(({ pointer }) => pointer)).toEqual(pointers);
  });

  test('that are to be whole numbers are asked for as such', () => {
    const details = (given: object) => {
      const judged = judge({ ...given });
      return judged.ok ? [] : judged.mistakes.map(({ detail }) => detail);
    };
    expect(details({})).toEqual(['is missing; it must be a whole number']);
    expect(details({ id: '1' })).toEqual(['must be a whole number, not a string']);
    expect(details({ id: 1.5 })).toEqual(['must be a whole number']);
    expect(details({ id: 1, rate: 'y' })).toEqual(['must be a number, not a string']);
  });

  test('are never filled in from a prototype', () => {
    const inherited = Object.assign(Object.create({ skill: 'java' }), { id: 1 });
    expect(judge(inherited)).toMatchObject({ ok: true, values: { skill: null } });
  });
});

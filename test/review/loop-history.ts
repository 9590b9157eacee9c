import { reply } from '../support/scripted-provider/scripted-reply.ts';
import type { Asked, Opinion } from './reviewing-model.ts';

// A repository whose three commits fix one file, leave a defect in another, trade one defect for the next in a third, and
// change the others without effect; and the opinions of a model on it.

type Files = Readonly<Record<string, string>>;

const main = (calls: readonly (readonly [file: string, name: string])[]) =>
  [
    "import { level } from './level.ts';",
    ...calls.map(([file, name]) => `import { ${name} } from './${file}.ts';`),
    `console.log(${['level', ...calls.map(([, name]) => `${name}(2)`)].join(', ')});`,
    '',
  ].join('\n');
const loop = (attempt: number) =>
  `export function pay(amount: number): number {\n  const attempt = ${attempt};\n  return amount + attempt - attempt;\n}\n`;
const orbit = (limits: readonly number[]) =>
  limits
    .map((limit, at) => `export function checkPart${at}x(n: number): boolean {\n  return n > ${limit};\n}\n`)
    .join('\n');
const fix = (condition: string) =>
  `export function requireKey(key: string): boolean {\n  return ${condition};\n}\n`;
const numbered = (name: string, value: number) => `export const ${name} = ${value};\n`;

export const FIRST: Files = {
  'package.json': '{ "name": "service", "private": true, "scripts": { "test": "node --test" } }\n',
  'src/main.ts': main([]),
  'src/fix.ts': fix("key !== ''"),
  'src/loop.ts': loop(1),
  'src/orbit.ts': orbit([1]),
  'src/level.ts': numbered('level', 1),
  'src/rise.ts': numbered('rise', 1),
  'src/other.ts': numbered('other', 1),
  'src/still.ts': numbered('still', 1),
  'src/helper.ts': 'export const help = () => 1;\n',
  'src/user.ts': "import { help } from './helper.ts';\n\nexport const helped = () => help();\n",
};

export const SECOND: Files = {
  'src/main.ts': main([
    ['fix', 'requireKey'],
    ['orbit', 'checkPart0x'],
  ]),
  'src/fix.ts': fix('key.length > 20'),
  'src/loop.ts': loop(2),
  'src/orbit.ts': orbit([2, 1]),
  'src/level.ts': numbered('level', 2),
  'src/rise.ts': numbered('rise', 2),
  'src/other.ts': numbered('other', 2),
  'src/fresh.ts': numbered('fresh', 1),
  'src/helper.ts': 'export const help = () => 2;\n',
};

export const THIRD: Files = {
  'src/main.ts': main([
    ['fix', 'requireKey'],
    ['orbit', 'checkPart0x'],
    ['orbit', 'checkPart1x'],
  ]),
  'src/loop.ts': loop(3),
  'src/orbit.ts': orbit([2, 2, 1]),
  'src/level.ts': numbered('level', 3),
};

/** The change of `src/fix.ts` that the second commit makes, as a suggestion. */
export const FIX_DIFF = [
  '@@ -1,3 +1,3 @@',
  ' export function requireKey(key: string): boolean {',
  "-  return key !== '';",
  '+  return key.length > 20;',
  ' }',
  '',
].join('\n');

export function opinionOn({ path, pass, text, message, model }: Asked): Opinion {
  switch (path) {
    case 'src/fix.ts':
      if (pass === 'directed') return { score: 0, suggestions: [fixSuggestion(message)] };
      return { score: text.includes('length > 20') ? 8 : 3 };
    case 'src/loop.ts':
      return {
        score: 4,
        failures: [
          { kind: 'no-effect', symbol: 'pay', line: 3, claim: 'The attempt has no effect on what is paid.' },
        ],
      };
    case 'src/orbit.ts':
      return { score: 5 };
    case 'src/rise.ts':
      return { score: text.includes('= 2') ? 8 : 4 };
    case 'src/other.ts':
      if (text.includes('= 2') && model.startsWith('gpt'))
        return { score: 0, says: reply({ text: 'I would rather not say.' }) };
      return { score: 6 };
    default:
      return { score: 7 };
  }
}

function fixSuggestion(message: string): object {
  return {
    finding_id: /"id":"([^"]+)"/.exec(message)?.[1] ?? '',
    summary: 'Refuse keys that are too short.',
    signature: 'export function requireKey(key: string): boolean',
    first_lines: '  return key.length > 20;',
    test_to_update: '',
    new_test: 'refuses a short key',
    diff: FIX_DIFF,
  };
}

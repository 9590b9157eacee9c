// Each mutator breaks one file in a way that is a defect by how it was made, whatever a reviewer thinks of it.
import type { Node } from '../inspect/index.ts';
import { type Planted, type PlantingFile, plantedAt, replaced } from './planting-file.ts';

export type Mutator = (file: PlantingFile) => readonly Planted[];

const ENFORCING =
  /^(?:check|validate|verify|ensure|authori[sz]e|authenticate|audit|guard|enforce|sanitize|sanitise|redact|mask|limit)(?=[A-Z_]|$)/;
const DECIDING =
  /^(?:is(?:Allowed|Valid|Authori[sz]ed|Expired|Safe|Trusted)|can[A-Z]|validate|verify|check|matches|authorize)/;

/** Takes every call of an enforcing function out of the one file that calls it; its import stays. */
const droppedCall: Mutator = (file) => {
  if (file.isTest) return [];
  const calls = Map.groupBy(
    file.nodes.filter((node) => node.type === 'CallExpression' && node.callee.type === 'Identifier'),
    (node) => (node.type === 'CallExpression' ? file.source(node.callee) : ''),
  );
  return [...calls].flatMap(([name, nodes]) => {
    if (!ENFORCING.test(name) || !nodes.every((node) => file.parentOf(node)?.type === 'ExpressionStatement'))
      return [];
    const definition = soleDefinition(file, name);
    if (definition === null || mentionsOutside(file, name, definition) !== nodes.length) return [];
    const text = [...nodes]
      .sort((a, b) => b.start - a.start)
      .reduce((all, node) => replaced(all, node, 'void 0'), file.text);
    return [
      {
        rule: isMiddlewareText(file.project.files.get(definition) ?? '', name)
          ? 'unwired-enforcement'
          : 'uncalled-primitive',
        path: file.path,
        text,
        isMeant: (finding) =>
          finding.claim.includes(`\`${name}\``) && [definition, file.path].includes(finding.path),
      },
    ];
  });
};

/** The file that declares a function of the name, where only one of the project does and no entry point names it. */
function soleDefinition(file: PlantingFile, name: string): string | null {
  const declares = new RegExp(
    `(?:^|\\n)(?:export )?(?:default )?(?:async )?function ${name}\\b|(?:^|\\n)(?:export )?const ${name} = (?:async )?(?:\\(|function)`,
  );
  const found = [...file.project.files].filter(
    ([path, text]) => !/\.d\.[cm]?ts$/.test(path) && declares.test(text),
  );
  const [first] = found;
  return found.length === 1 && first !== undefined && !/(?:^|\/)(?:index|main)\.\w+$/.test(first[0])
    ? first[0]
    : null;
}

/** Mentions in production code, but for declarations, imports and lists of exports. */
function mentionsOutside(file: PlantingFile, name: string, definition: string): number {
  let count = 0;
  for (const [path, text] of file.project.files) {
    if (/(?:^|\/)tests?\/|\.(?:test|spec|fixture|contract)\.|\.d\.[cm]?ts$/.test(path)) continue;
    const code = text
      .replaceAll(
        /import[^;'"]*from\s*['"][^'"]*['"]|(?:const|let|var)\s*\{[^}]*\}\s*=\s*require\([^)]*\)|\/\*[\s\S]*?\*\/|\/\/.*/g,
        '',
      )
      .replaceAll(/module\.exports\s*=\s*\{[^}]*\}|export\s*\{[^}]*\}/g, '');
    count += code.match(new RegExp(`\\b${name}\\b`, 'g'))?.length ?? 0;
    if (path === definition) count -= 1;
  }
  return count;
}

function isMiddlewareText(text: string, name: string): boolean {
  return new RegExp(
    `${name}\\b[^\\n]{0,20}\\(\\s*(?:req|request|c|ctx)\\s*,\\s*(?:res|reply|response|next)\\b`,
  ).test(text);
}

/** Takes away the line that registers a middleware of another file, or of this one. */
const droppedRegistration: Mutator = (file) => {
  if (file.isTest) return [];
  return file.nodes.flatMap((node): Planted[] => {
    if (node.type !== 'ExpressionStatement' || node.expression.type !== 'CallExpression') return [];
    const { callee, arguments: given } = node.expression;
    if (callee.type !== 'MemberExpression' || !/^(?:use|addHook)$/.test(file.source(callee.property)))
      return [];
    const last = given.at(-1);
    // `use(requireKey)`, `use(limit({ max: 10 }))`
    const guard = last?.type === 'CallExpression' ? last.callee : last;
    if (guard?.type !== 'Identifier' && guard?.type !== 'MemberExpression') return [];
    const name = file.source(guard).split('.').at(-1) ?? '';
    const definition = soleDefinition(file, name);
    if (definition === null || mentionsOutside(file, name, definition) !== 1) return [];
    return [
      {
        rule: 'unwired-enforcement',
        path: file.path,
        text: replaced(file.text, node, ';'),
        isMeant: (finding) => finding.claim.includes(`\`${name}\``),
      },
    ];
  });
};

/** One of several routes with the same guard loses it. */
const unguardedRoute: Mutator = (file) => {
  if (file.isTest) return [];
  const routes = file.nodes.flatMap((node) => {
    if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return [];
    const [path, guard, handler] = node.arguments;
    const isRoute =
      /^(?:get|post|put|patch|delete)$/.test(file.source(node.callee.property)) && path?.type === 'Literal';
    return isRoute && guard?.type === 'Identifier' && handler !== undefined
      ? [{ node, guard, handler, method: file.source(node.callee.property), name: guard.name }]
      : [];
  });
  return routes.flatMap(({ node, guard, handler, method, name }): Planted[] => {
    const alike = routes.filter((one) => one.name === name && (one.method === 'get') === (method === 'get'));
    if (alike.length < 3 || !ENFORCING_GUARD.test(name)) return [];
    const text = replaced(file.text, { start: guard.start, end: handler.start }, '');
    return [plantedAt(file, 'unwired-enforcement', text, { position: node.start })];
  });
};

const ENFORCING_GUARD = /^(?:require|check|ensure|verify|guard|authori[sz]e|authenticate|can)[A-Z]/;

/** A decision answers yes to everything. */
const decidedBeforehand: Mutator = (file) =>
  file.isTest
    ? []
    : file.nodes.flatMap((node): Planted[] => {
        if (node.type !== 'FunctionDeclaration' || node.id === null || node.body === null) return [];
        if (!DECIDING.test(node.id.name) || node.params.length === 0 || node.body.body.length < 2) return [];
        if (/always|stub|mock|noop|default/i.test(node.id.name)) return [];
        const text = replaced(file.text, node.body, '{\n  return true;\n}');
        return [plantedAt(file, 'ignored-input', text, { position: node.start, reachLines: 3 })];
      });

/** The condition of a refusal is not looked at any more. */
const ignoredCondition: Mutator = (file) =>
  file.isTest
    ? []
    : file.nodes.flatMap((node): Planted[] => {
        if (node.type !== 'IfStatement' || node.alternate !== null) return [];
        const consequence =
          node.consequent.type === 'BlockStatement' ? node.consequent.body[0] : node.consequent;
        if (consequence?.type !== 'ThrowStatement' || node.test.type === 'Literal') return [];
        const isTwisted = file.text.length % 2 === 0;
        const by = isTwisted ? 'false' : `false && (${file.source(node.test)})`;
        return [
          plantedAt(file, 'ignored-input', replaced(file.text, node.test, by), { position: node.test.start }),
        ];
      });

/** A secret is compared byte by byte where it was compared in constant time. */
const hastyCompare: Mutator = (file) =>
  file.isTest
    ? []
    : file.nodes.flatMap((node): Planted[] => {
        if (node.type !== 'CallExpression' || !/(?:^|\.)timingSafeEqual$/.test(file.source(node.callee)))
          return [];
        const [a, b] = node.arguments;
        // On the same value twice it only spends the time.
        if (a === undefined || b === undefined || file.source(a) === file.source(b)) return [];
        const parent = file.parentOf(node);
        const isNegated = parent?.type === 'UnaryExpression' && parent.operator === '!';
        const text = replaced(
          file.text,
          isNegated ? parent : node,
          `${unwrapped(file, a)} ${isNegated ? '!==' : '==='} ${unwrapped(file, b)}`,
        );
        return [plantedAt(file, 'unsafe-compare', text, { position: node.start })];
      });

/** `key` of `Buffer.from(key)`: without the constant time nobody makes buffers. */
function unwrapped(file: PlantingFile, node: Node): string {
  if (
    node.type === 'CallExpression' &&
    file.source(node.callee) === 'Buffer.from' &&
    node.arguments[0] !== undefined
  )
    return file.source(node.arguments[0]);
  return file.source(node);
}

/** The only code that reads a key of a settings file has a constant in its place. */
const unreadKey: Mutator = (file) => {
  if (file.isTest || file.project.name !== 'lakehouse') return [];
  const sample = file.project.files.get('config/lakehouse.toml') ?? '';
  const keys = [...sample.matchAll(/^# (\w+) = /gm)]
    .map(([, key = '']) => key)
    .filter((key) => key.includes('_'));
  return keys.flatMap((key): Planted[] => {
    const pattern = new RegExp(`\\.${key}\\b`, 'g');
    const readers = [...file.project.files].filter(
      ([path, text]) => path.startsWith('src/') && !/\.(?:test|fixture)\./.test(path) && pattern.test(text),
    );
    const isTaken = [...file.project.files].some(
      ([path, text]) =>
        path.startsWith('src/') &&
        !/\.(?:test|fixture)\./.test(path) &&
        new RegExp(`\\{[^}\\n]*\\b${key}\\b[^}\\n]*\\}|['"]${key}['"]`).test(text),
    );
    if (readers.length !== 1 || readers[0]?.[0] !== file.path || isTaken) return [];
    const text = file.text.replaceAll(new RegExp(`[\\w.]*\\.${key}\\b`, 'g'), '1');
    return [
      {
        rule: 'unread-configuration',
        path: file.path,
        text,
        isMeant: (finding) => finding.claim.includes(`.${key}\``),
      },
    ];
  });
};

const ASSERTS =
  /\b(?:expect|assert)\b|^\s*(?:await )?t\.(?:assert|ok|equal|same|is|deepEqual|strictEqual|throws|rejects|match)\b/;

/** A test loses its assertions; the rest of it still runs. */
const emptiedTest: Mutator = (file) =>
  file.isTest ? cases(file).flatMap((one) => emptied(file, one, () => ';')) : [];

/** The assertions of a test assert a constant. */
const constantTest: Mutator = (file) =>
  file.isTest
    ? cases(file).flatMap((one) =>
        emptied(file, one, (text) =>
          /\bexpect\b/.test(text) ? 'expect(true).toBe(true);' : 'assert.ok(true);',
        ),
      )
    : [];

interface Case {
  readonly call: Node;
  readonly body: Node;
}

function cases(file: PlantingFile): readonly Case[] {
  const found = file.nodes.flatMap((node): Case[] => {
    if (node.type !== 'CallExpression' || !/^(?:test|it)$/.test(file.source(node.callee))) return [];
    const body = node.arguments.find((one) => /Function/.test(one.type));
    if (body === undefined || node.arguments[0]?.type !== 'Literal' || node.arguments.length !== 2) return [];
    return [{ call: node, body }];
  });
  return found.filter(
    ({ call, body }) =>
      !file.nodes.some(
        (node) =>
          node.type === 'CallExpression' &&
          node !== call &&
          node.start > body.start &&
          node.end < body.end &&
          /^(?:test|it|t\.test|describe)$/.test(file.source(node.callee)),
      ),
  );
}

function emptied(file: PlantingFile, { call, body }: Case, by: (text: string) => string): readonly Planted[] {
  const statements = file.nodes.filter(
    (node) =>
      node.type === 'ExpressionStatement' &&
      node.start > body.start &&
      node.end < body.end &&
      ASSERTS.test(file.source(node)),
  );
  const outermost = statements.filter(
    (node) =>
      !statements.some((other) => other !== node && other.start <= node.start && other.end >= node.end),
  );
  const isPlain = outermost.every((node) => !/=>|function/.test(file.source(node)));
  if (outermost.length === 0 || !isPlain) return [];
  const text = [...outermost]
    .sort((a, b) => b.start - a.start)
    .reduce((all, node) => replaced(all, node, by(file.source(node))), file.text);
  const left = text.slice(body.start, body.end - (file.text.length - text.length));
  // Something else may still fail it: a callback, a helper, a plan, an error it throws.
  if (/\bthrow\b|\bdone\b|\.plan\(|\breject|\bcb\b/.test(left) || (by('') === ';' && ASSERTS.test(left)))
    return [];
  return [plantedAt(file, 'hollow-test', text, { position: call.start })];
}

/** Nothing waits for an assertion of a rejected promise. */
const hastyTest: Mutator = (file) =>
  file.isTest
    ? file.nodes.flatMap((node): Planted[] => {
        if (node.type !== 'AwaitExpression' || file.parentOf(node)?.type !== 'ExpressionStatement') return [];
        if (
          !/^(?:expect\([\s\S]*\)\s*\.(?:rejects|resolves)\.|assert\.rejects\()/.test(
            file.source(node.argument),
          )
        )
          return [];
        const text = replaced(file.text, node, file.source(node.argument));
        return [plantedAt(file, 'hollow-test', text, { position: node.start })];
      })
    : [];

/** A failing guard is no failure any more. */
const swallowedGuard: Mutator = (file) =>
  file.isTest
    ? []
    : file.nodes.flatMap((node): Planted[] => {
        if (node.type !== 'ExpressionStatement') return [];
        const call = node.expression.type === 'AwaitExpression' ? node.expression.argument : node.expression;
        if (call.type !== 'CallExpression') return [];
        const name = file.source(call.callee).split('.').at(-1) ?? '';
        const parent = file.parentOf(node);
        if (!ENFORCING.test(name) || parent?.type !== 'BlockStatement') return [];
        const text = replaced(file.text, node, `try { ${file.source(node)} } catch (error) {}`);
        return [plantedAt(file, 'swallowed-error', text, { position: node.end, reachLines: 2 })];
      });

/** A table of constants is written down again in another file. */
const copiedTable: Mutator = (file) => {
  if (file.isTest || /\.d\.ts$/.test(file.path)) return [];
  const tables = [...file.project.files].flatMap(([path, text]) => {
    if (path === file.path || /test|\.d\.ts$|\.json$/.test(path)) return [];
    const match = /(?:^|\n)(?:export )?const \w+ = (\{\n(?:\s+'?[\w-]+'?: (?:'[^'\n]*'|\d+),?\n){4,}\})/.exec(
      text,
    );
    return match?.[1] === undefined ? [] : [match[1]];
  });
  const [table] = tables;
  if (table === undefined || new Set(table.match(/: (.*?),?\n/g)).size < 3) return [];
  const [open = '', ...rest] = table.split('\n');
  const entries = rest
    .slice(0, -1)
    .reverse()
    .map((line) => (line.endsWith(',') ? line : `${line},`));
  const copy = `\nconst copiedTable = ${[open, ...entries, '}'].join('\n')};\n`;
  const isMeant = (finding: { path: string; claim: string }) =>
    /copiedTable/.test(finding.claim) || finding.path === file.path;
  return [{ rule: 'duplicate-truth', path: file.path, text: file.text + copy, isMeant }];
};

/** A function of the public surface has lost its body. */
const hollowedFunction: Mutator = (file) =>
  file.isTest
    ? []
    : file.nodes.flatMap((node): Planted[] => {
        if (node.type !== 'FunctionDeclaration' || node.body === null || node.body.body.length < 2) return [];
        const text = replaced(file.text, node.body, "{\n  throw new Error('not implemented');\n}");
        return [plantedAt(file, 'unreferenced-stub', text, { position: node.body.start, reachLines: 2 })];
      });

/** A condition hangs on a switch that is off and that nobody can turn on. */
const deadSwitch: Mutator = (file) =>
  file.isTest
    ? []
    : file.nodes.flatMap((node): Planted[] => {
        if (node.type !== 'IfStatement' || node.start < 200) return [];
        const conditioned = replaced(file.text, node.test, `ENABLE_CHECKS && (${file.source(node.test)})`);
        const text = `${conditioned}\nconst ENABLE_CHECKS = false;\n`;
        return [
          { rule: 'dead-flag', path: file.path, text, isMeant: (finding) => finding.path === file.path },
        ];
      });

/** A linter's warning about security is turned off, and no reason given. */
const silencedLint: Mutator = (file) => {
  const first = file.nodes.find((node) => node.type === 'FunctionDeclaration');
  if (file.isTest || first === undefined) return [];
  const at = file.text.lastIndexOf('\n', first.start) + 1;
  const text = `${file.text.slice(0, at)}// eslint-disable-next-line security/detect-object-injection\n${file.text.slice(at)}`;
  return [plantedAt(file, 'suppressed-security-lint', text, { position: at })];
};

/** Every way to break a file, by what is broken, with the rules that may speak of it. */
export const MUTATORS: ReadonlyMap<string, { readonly rules: readonly string[]; readonly plant: Mutator }> =
  new Map([
    [
      'a call of enforcement dropped',
      { rules: ['uncalled-primitive', 'unwired-enforcement'], plant: droppedCall },
    ],
    ['a registration dropped', { rules: ['unwired-enforcement'], plant: droppedRegistration }],
    ['a guard taken off a route', { rules: ['unwired-enforcement'], plant: unguardedRoute }],
    ['a decision made constant', { rules: ['ignored-input'], plant: decidedBeforehand }],
    ['a condition ignored', { rules: ['ignored-input'], plant: ignoredCondition }],
    ['a constant-time compare replaced', { rules: ['unsafe-compare'], plant: hastyCompare }],
    ['a configuration key left unread', { rules: ['unread-configuration'], plant: unreadKey }],
    ['a test emptied', { rules: ['hollow-test'], plant: emptiedTest }],
    ['a test made constant', { rules: ['hollow-test'], plant: constantTest }],
    ['an assertion not awaited', { rules: ['hollow-test'], plant: hastyTest }],
    ['a failing guard swallowed', { rules: ['swallowed-error'], plant: swallowedGuard }],
    ['a table copied', { rules: ['duplicate-truth'], plant: copiedTable }],
    ['a function hollowed out', { rules: ['unreferenced-stub'], plant: hollowedFunction }],
    ['a dead switch put in', { rules: ['dead-flag'], plant: deadSwitch }],
    ['a security lint silenced', { rules: ['suppressed-security-lint'], plant: silencedLint }],
  ]);

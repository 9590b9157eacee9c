import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import {
  CASTS_THROUGH_UNKNOWN,
  ENTRY_FILES,
  ENVIRONMENT_READERS,
  EXPORTS_WITHOUT_CALLER,
  type Exception,
  LOCAL_COMMANDS,
  RESTRICTED_MODULES,
} from './support/architecture-lists.ts';
import { type ExportName, unusedExports } from './support/export-callers.ts';
import { isNode, lineAt, type SourceFile, sourceTree, walk } from './support/source-tree.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const files = sourceTree(['src']);
const imports = new Map(files.map((file) => [file, readImports(file)]));
const floors = floorsOf(readFileSync(`${ROOT}ARCHITECTURE.md`, 'utf8'));

interface Room {
  /** `src/lake/engine/`, or `src/main.ts`. */
  readonly path: string;
  readonly floor: number;
  /** The highest floor it may import; `everything` and `nothing` are infinities. */
  readonly mayImportUpTo: number;
}

/** The rooms of the table under `## Floors`: each `name/` or `name.ts` in code marks, of its second column. */
function floorsOf(document: string): readonly Room[] {
  const section = document.split(/^## /m).find((part) => part.startsWith('Floors'));
  const rows = (section ?? '')
    .split('\n')
    .flatMap((line) => /^\|\s*(\d+)\s*\|(.*)\|(.*)\|\s*$/.exec(line) ?? []);
  const rooms: Room[] = [];
  for (let at = 0; at < rows.length; at += 4) {
    const [floor, names = '', allowed = ''] = rows.slice(at + 1, at + 4);
    const upTo = /floors? (?:0–)?(\d+)/.exec(allowed)?.[1];
    const mayImportUpTo =
      upTo !== undefined ? Number(upTo) : allowed.includes('everything') ? Infinity : -Infinity;
    for (const [, name] of names.matchAll(/`([\w/-]+(?:\/|\.ts))`/g)) {
      rooms.push({ path: `src/${name}`, floor: Number(floor), mayImportUpTo });
    }
  }
  return rooms;
}

function roomOf(path: string): Room | undefined {
  return floors.filter((room) => path.startsWith(room.path)).sort((a, b) => b.path.length - a.path.length)[0];
}

interface ImportedModule {
  readonly specifier: string;
  readonly line: string;
  /** Erased before the program runs. */
  readonly typeOnly: boolean;
}

/** Every module a file names: imports, re-exports, `import()`. */
function readImports(file: SourceFile): readonly ImportedModule[] {
  const found = [
    ...file.module.staticImports.map((one) => ({
      specifier: one.moduleRequest.value,
      start: one.start,
      typeOnly: one.entries.length > 0 && one.entries.every(({ isType }) => isType),
    })),
    ...file.module.staticExports.flatMap((one) =>
      one.entries.flatMap(({ moduleRequest, isType }) =>
        moduleRequest === null
          ? []
          : [{ specifier: moduleRequest.value, start: one.start, typeOnly: isType }],
      ),
    ),
  ];
  walk(file.program, (node) => {
    if (node.type !== 'ImportExpression' || !isNode(node.source)) return;
    const specifier = typeof node.source.value === 'string' ? node.source.value : '(computed)';
    found.push({ specifier, start: node.start, typeOnly: false });
  });
  return found.map(({ start, ...one }) => ({ ...one, line: lineAt(file, start) }));
}

function importsOf(file: SourceFile): readonly ImportedModule[] {
  return imports.get(file) ?? [];
}

function resolved(file: SourceFile, specifier: string): string {
  return posix.join(posix.dirname(file.path), specifier);
}

function isAllowed(path: string, exceptions: readonly Exception[]): boolean {
  return exceptions.some((one) => (one.path.endsWith('/') ? path.startsWith(one.path) : path === one.path));
}

function localImports() {
  return files.flatMap((file) =>
    importsOf(file)
      .filter(({ specifier }) => specifier.startsWith('.'))
      .map(({ specifier, line, typeOnly }) => ({
        file,
        from: roomOf(file.path),
        target: resolved(file, specifier),
        to: roomOf(resolved(file, specifier)),
        typeOnly,
        place: `${file.path} ${line}`,
      })),
  );
}

test('the table of floors is there and every source belongs to one of its rooms', () => {
  expect(floors.length).toBeGreaterThan(10);
  expect(floors.filter(({ path }) => !existsSync(ROOT + path)).map(({ path }) => path)).toEqual([]);
  expect(files.filter(({ path }) => roomOf(path) === undefined).map(({ path }) => path)).toEqual([]);
});

test('imports point down the floors', () => {
  const wrong = localImports().filter(({ from, to, target, typeOnly }) => {
    if (from === undefined || to === undefined) return true;
    if (from.path === to.path || from.mayImportUpTo === Infinity) return false;
    if (typeOnly && from.floor > 0 && target === 'src/config/index.ts') return false;
    return to.floor > from.mayImportUpTo || to.floor >= from.floor;
  });
  expect(wrong.map(({ place, target }) => `${place} imports ${target}`)).toEqual([]);
});

test('a room is entered only through its index.ts', () => {
  const wrong = localImports().filter(({ from, to, target, typeOnly }) => {
    if (from === undefined || to === undefined || from.path === to.path || !to.path.endsWith('/'))
      return false;
    // The rows of a room's tables are declared beside the migrations; the room that owns them names their types.
    const table = /^src\/metastore\/tables\/(\w+)\.ts$/.exec(target)?.[1];
    if (table !== undefined && typeOnly && posix.basename(from.path).startsWith(table)) return false;
    return target !== `${to.path}index.ts`;
  });
  expect(wrong.map(({ place, target }) => `${place} imports ${target}`)).toEqual([]);
});

test('only main.ts enters the wiring, and the wiring enters neither main.ts nor the command line', () => {
  const wrong = localImports().filter(({ from, to }) => {
    if (from?.path === to?.path) return false;
    if (to?.path === 'src/wiring/') return from?.path !== 'src/main.ts';
    return from?.path === 'src/wiring/' && to?.floor === from.floor;
  });
  expect(wrong.map(({ place, target }) => `${place} imports ${target}`)).toEqual([]);
});

test('an index.ts re-exports and holds no logic', () => {
  const wrong = files
    .filter(({ path }) => path.endsWith('/index.ts'))
    .filter(({ program }) =>
      program.body.some((node) => !/^Export(?:Named|All)Declaration$/.test(node.type)),
    );
  expect(wrong.map(({ path }) => path)).toEqual([]);
});

test('no files import each other in a circle', () => {
  const targets = new Map(files.map((file) => [file.path, [] as string[]]));
  for (const { file, target } of localImports()) targets.get(file.path)?.push(target);
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, above: readonly string[]) => {
    const at = above.indexOf(path);
    if (at >= 0) circles.push([...above.slice(at), path].join(' → '));
    if (at >= 0 || done.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...above, path]);
    done.add(path);
  };
  for (const path of targets.keys()) visit(path, []);
  expect(circles).toEqual([]);
});

test('restricted modules are imported only by the files of the closed list, and every file of the list uses them', () => {
  const matches = (pattern: string, name: string) =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
  const wrong: string[] = [];
  for (const { modules, allowed } of RESTRICTED_MODULES) {
    const users = files.flatMap((file) =>
      importsOf(file)
        .filter(({ specifier }) => modules.some((pattern) => matches(pattern, specifier)))
        .map(({ specifier, line }) => ({
          path: file.path,
          place: `${file.path} ${line} imports ${specifier}`,
        })),
    );
    wrong.push(...users.filter(({ path }) => !isAllowed(path, allowed)).map(({ place }) => place));
    const idle = allowed.filter((one) => !users.some(({ path }) => isAllowed(path, [one])));
    wrong.push(...idle.map(({ path }) => `${path} is listed for ${modules[0]} and does not import it`));
  }
  expect(wrong).toEqual([]);
});

test('only the door issues scopes', () => {
  const issuers = files.filter(({ path, module }) => {
    if (path.startsWith('src/door/') || path.startsWith('src/govern/scope/')) return false;
    return module.staticImports.some((one) =>
      one.entries.some(({ importName }) => importName.name === 'scopeIssuer'),
    );
  });
  expect(issuers.map(({ path }) => path)).toEqual([]);
});

test('nothing is cast to a scope, and nothing through unknown', () => {
  const wrong: string[] = [];
  for (const file of files) {
    walk(file.program, (node) => {
      if (node.type !== 'TSAsExpression' && node.type !== 'TSTypeAssertion') return;
      const target = node.typeAnnotation;
      if (!isNode(target)) return;
      const text = file.text.slice(target.start, Number(target.end));
      const inner =
        isNode(node.expression) && isNode(node.expression.typeAnnotation)
          ? node.expression.typeAnnotation.type
          : '';
      const throughUnknown =
        inner === 'TSUnknownKeyword' || inner === 'TSAnyKeyword' || target.type === 'TSAnyKeyword';
      if ((throughUnknown && !isAllowed(file.path, CASTS_THROUGH_UNKNOWN)) || /\b\w*Scope\b/.test(text))
        wrong.push(`${file.path} ${lineAt(file, node.start)}: as ${text}`);
    });
  }
  expect(wrong).toEqual([]);
});

test('no generator function of a server is made anew for each request', () => {
  // Each that is made has a hidden class of its own, in the old generation: what the function closes over, the whole
  // request, is kept until the next full collection of garbage.
  const wrong: string[] = [];
  for (const file of files.filter(({ path }) =>
    /^src\/(?:door|gateway|ai|lake|govern|metastore)\//.test(path),
  )) {
    walk(file.program, (node, ancestors) => {
      if (node.generator !== true || !ancestors.some(({ type }) => /Function/.test(type))) return;
      wrong.push(`${file.path} ${lineAt(file, node.start)}`);
    });
  }
  expect(wrong).toEqual([]);
});

test('no interface is declared twice in one file', () => {
  const declared = files.flatMap((file) =>
    file.program.body.flatMap((statement) => {
      const node = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
      return node?.type === 'TSInterfaceDeclaration' ? [`${file.path} interface ${node.id.name}`] : [];
    }),
  );
  expect(declared.filter((name, at) => declared.indexOf(name) !== at)).toEqual([]);
});

test('a file over 500 lines opens with a paragraph that defends its size', () => {
  const long = files.filter(
    ({ path, text }) => !path.includes('.generated.') && text.split('\n').length > 501,
  );
  const undefended = long.filter(({ text }) => !/^(?:\/\/[^\n]*\n){2,}|^\/\*\*?[\s\S]{120,}?\*\//.test(text));
  expect(undefended.map(({ path }) => path)).toEqual([]);
});

test('files are named after what they hold', () => {
  const vague = /\/(?:utils?|helpers?|common|misc|shared|interfaces?|types?|lib|constants)(?:\.ts$|\/)/;
  const wrong = files.map(({ path }) => path).filter((path) => vague.test(path) || /[A-Z_]/.test(path));
  expect(wrong).toEqual([]);
});

test('only config/ and main.ts read the environment', () => {
  const wrong = files.filter(({ path, program }) => {
    if (path.startsWith('src/config/') || path === 'src/main.ts' || isAllowed(path, ENVIRONMENT_READERS))
      return false;
    let reads = false;
    walk(program, (node) => {
      if (node.type !== 'MemberExpression' || !isNode(node.object) || !isNode(node.property)) return;
      reads ||= node.object.name === 'process' && node.property.name === 'env';
    });
    return reads;
  });
  expect(wrong.map(({ path }) => path)).toEqual([]);
});

test('modules hold no mutable state', () => {
  const wrong: string[] = [];
  for (const file of files.filter(({ path }) => !isAllowed(path, ENTRY_FILES))) {
    for (const statement of file.program.body) {
      const declaration =
        statement.type === 'ExportNamedDeclaration' && statement.declaration !== null
          ? statement.declaration
          : statement;
      if (declaration.type !== 'VariableDeclaration') continue;
      // A container that starts empty is there to be filled.
      const filledLater = declaration.declarations.some(({ init }) => {
        if (init?.type === 'ArrayExpression') return init.elements.length === 0;
        if (init?.type !== 'NewExpression' || init.callee.type !== 'Identifier') return false;
        return /^(?:Weak)?(?:Map|Set)$/.test(init.callee.name) && init.arguments.length === 0;
      });
      if (declaration.kind !== 'const' || filledLater)
        wrong.push(`${file.path} ${lineAt(file, declaration.start)}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('importing a module does nothing but define', () => {
  const acting = files
    .filter(({ path }) => !isAllowed(path, ENTRY_FILES))
    .flatMap((file) =>
      file.program.body
        .filter((node) => !/^(?:Import|Export|Function|Class|Variable|TS)\w*Declaration$/.test(node.type))
        .map((node) => `${file.path} ${lineAt(file, node.start)}`),
    );
  expect(acting).toEqual([]);
  const imported = new Set(localImports().flatMap(({ target, typeOnly }) => (typeOnly ? [] : [target])));
  expect(ENTRY_FILES.filter(({ path }) => imported.has(path) || !existsSync(ROOT + path))).toEqual([]);
});

test('remote commands of the command line speak only HTTP', () => {
  const wrong = localImports().filter(
    ({ file, target, typeOnly }) =>
      !typeOnly &&
      file.path.startsWith('src/cli/') &&
      !target.startsWith('src/cli/') &&
      target !== 'src/base/index.ts' &&
      !isAllowed(file.path, LOCAL_COMMANDS),
  );
  expect(wrong.map(({ place, target }) => `${place} imports ${target}`)).toEqual([]);
});

test('every exported symbol has a production caller', () => {
  const production = [...files, ...sourceTree(['scripts', 'bench'])];
  const label = ({ path, name }: ExportName) => `${path}#${name}`;
  const unused = unusedExports(production)
    .map(label)
    .filter((one) => one.startsWith('src/'));
  expect(unused.filter((one) => !isAllowed(one, EXPORTS_WITHOUT_CALLER))).toEqual([]);
  expect(EXPORTS_WITHOUT_CALLER.filter(({ path }) => !unused.includes(path))).toEqual([]);
});

import type { Node, NodeOf, ParsedSource } from '../syntax/parsed-source.ts';
import {
  ALL,
  exportTarget,
  type ImportBinding,
  isRequire,
  type ModuleExport,
  type ModuleReExport,
  type ModuleUse,
  patternKeys,
} from './module-link.ts';

interface CommonJsFacts {
  readonly exports: readonly ModuleExport[];
  readonly reExports: readonly ModuleReExport[];
  readonly bindings: readonly ImportBinding[];
  /** What `require` calls take without a variable. */
  readonly uses: readonly ModuleUse[];
}

/** The `require` calls and `exports` of a file. */
export function commonJsFacts(file: ParsedSource): CommonJsFacts {
  const bindings: ImportBinding[] = [];
  const uses: ModuleUse[] = [];
  const reExports: ModuleReExport[] = [];
  for (const call of file.nodesOf('CallExpression')) {
    const [argument] = call.arguments;
    if (!isRequire(call.callee) || argument?.type !== 'Literal' || typeof argument.value !== 'string')
      continue;
    const specifier = argument.value;
    const holder = file.parentOf(call);
    const exported = exportedBy(file, call, holder);
    if (exported !== null) reExports.push({ specifier, imported: ALL, exported });
    else if (holder?.type === 'VariableDeclarator') {
      const found = bindingsOf(file, specifier, holder);
      bindings.push(...found.bindings);
      uses.push(...found.uses);
    } else if (holder?.type === 'MemberExpression' && !holder.computed) {
      const imported = file.textOf(holder.property);
      const variable = file.parentOf(holder);
      if (variable?.type === 'VariableDeclarator' && variable.id.type === 'Identifier')
        bindings.push({ specifier, imported, local: variable.id.name, declared: variable.id });
      else uses.push({ specifier, imported });
    } else uses.push({ specifier, imported: ALL });
  }
  return { exports: commonJsExports(file), reExports, bindings, uses };
}

/** The name under which a whole required module is exported again: `module.exports = require('./a')`, `...require('./a')`. */
function exportedBy(file: ParsedSource, call: Node, holder: Node | null): string | null {
  if (holder?.type === 'AssignmentExpression' && holder.right === call)
    return exportTarget(file, holder.left);
  if (holder?.type !== 'SpreadElement') return null;
  const object = file.parentOf(holder);
  const assignment = object === null ? null : file.parentOf(object);
  return assignment?.type === 'AssignmentExpression' ? exportTarget(file, assignment.left) : null;
}

function bindingsOf(
  file: ParsedSource,
  specifier: string,
  variable: NodeOf<'VariableDeclarator'>,
): { readonly bindings: readonly ImportBinding[]; readonly uses: readonly ModuleUse[] } {
  const { id } = variable;
  if (id.type === 'Identifier')
    return { bindings: [{ specifier, imported: ALL, local: id.name, declared: id }], uses: [] };
  if (id.type !== 'ObjectPattern') return { bindings: [], uses: [{ specifier, imported: ALL }] };
  const bindings = id.properties.flatMap((one) =>
    one.type === 'Property' && !one.computed && one.value.type === 'Identifier'
      ? [{ specifier, imported: file.textOf(one.key), local: one.value.name, declared: one.value }]
      : [],
  );
  const bound = new Set(bindings.map(({ imported }) => imported));
  const others = patternKeys(file, id).filter((name) => !bound.has(name));
  return { bindings, uses: others.map((imported) => ({ specifier, imported })) };
}

function commonJsExports(file: ParsedSource): readonly ModuleExport[] {
  return file.nodesOf('AssignmentExpression').flatMap((assignment): ModuleExport[] => {
    const target = exportTarget(file, assignment.left);
    if (target === null) return [];
    const value = assignment.right;
    if (target === ALL && value.type === 'ObjectExpression') {
      return value.properties.flatMap((one) =>
        one.type === 'Property' && !one.computed
          ? [
              {
                exported: file.textOf(one.key),
                local: one.value.type === 'Identifier' ? one.value.name : null,
              },
            ]
          : [],
      );
    }
    return [{ exported: target, local: localName(value) }];
  });
}

function localName(value: Node): string | null {
  if (value.type === 'Identifier') return value.name;
  return value.type === 'FunctionExpression' || value.type === 'ClassExpression'
    ? (value.id?.name ?? null)
    : null;
}

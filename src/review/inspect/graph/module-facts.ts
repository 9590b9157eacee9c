import { isFunction, lastName } from '../syntax/functions.ts';
import { isNode, type Node, type ParsedSource, type VariableName } from '../syntax/parsed-source.ts';
import { commonJsFacts } from './commonjs-facts.ts';
import {
  ALL,
  exportTarget,
  type ImportBinding,
  isRequire,
  type ModuleExport,
  type ModuleReExport,
  type ModuleUse,
  patternKeys,
  usesOf,
} from './module-link.ts';

/** A name that was imported and is mentioned nowhere. */
export interface IdleImport extends ModuleUse {
  readonly local: string;
  readonly line: number;
}

/** What links a module to others; all that is kept of a file for the graph. */
export interface ModuleFacts {
  readonly exports: readonly ModuleExport[];
  readonly reExports: readonly ModuleReExport[];
  readonly uses: readonly ModuleUse[];
  readonly idleImports: readonly IdleImport[];
  /** Variables of the file's top level that it mentions outside their own declaration and its exports. */
  readonly usedInside: ReadonlySet<string>;
  /** It loads modules by names it computes: folders below its own, or the folder a template begins with. */
  readonly loadsFolders: readonly string[];
}

/** Reads imports, exports and mentions, of ECMAScript and CommonJS modules alike. */
export function moduleFacts(file: ParsedSource): ModuleFacts {
  const commonJs = commonJsFacts(file);
  const bindings = [...staticImports(file), ...commonJs.bindings];
  const uses: ModuleUse[] = [...commonJs.uses, ...dynamicImports(file)];
  const reExports: ModuleReExport[] = [...commonJs.reExports];
  const idleImports: IdleImport[] = [];
  for (const binding of bindings) {
    const mentions = file.variables(binding.local).filter((one) => one !== binding.declared);
    const exportedAs = mentions.flatMap((one) => exportedNames(file, one));
    for (const exported of exportedAs) reExports.push({ ...binding, exported });
    const used = mentions.filter((one) => exportedNames(file, one).length === 0);
    if (mentions.length === 0) {
      const { specifier, imported, local } = binding;
      idleImports.push({ specifier, imported, local, line: file.lineAt(binding.declared.start) });
    }
    for (const one of used) uses.push(...usesOf(file, binding, one));
  }
  for (const { entries } of file.module.staticExports) {
    for (const { moduleRequest, importName, exportName } of entries) {
      if (moduleRequest === null) continue;
      const specifier = moduleRequest.value;
      const isStar = importName.name === null;
      reExports.push({
        specifier,
        imported: importName.name ?? ALL,
        exported: isStar && exportName.name === null ? ALL : (exportName.name ?? ALL),
      });
    }
  }
  return {
    exports: [...staticExports(file), ...commonJs.exports],
    reExports,
    uses,
    idleImports,
    usedInside: usedInside(file),
    loadsFolders: loadedFolders(file),
  };
}

function staticImports(file: ParsedSource): readonly ImportBinding[] {
  return file.nodesOf('ImportDeclaration').flatMap((declaration) =>
    declaration.specifiers.map((one) => ({
      specifier: declaration.source.value,
      imported:
        one.type === 'ImportNamespaceSpecifier'
          ? ALL
          : one.type === 'ImportDefaultSpecifier'
            ? 'default'
            : one.imported.type === 'Literal'
              ? one.imported.value
              : one.imported.name,
      local: one.local.name,
      declared: one.local,
    })),
  );
}

/** The names under which a mention of a variable is exported; none where the mention is a use. */
function exportedNames(file: ParsedSource, mention: VariableName): readonly string[] {
  const parent = file.parentOf(mention);
  if (parent?.type === 'ExportSpecifier') return [moduleName(file, parent.exported)];
  if (parent?.type === 'ExportDefaultDeclaration') return ['default'];
  if (parent?.type === 'AssignmentExpression' && parent.right === mention) {
    const name = exportTarget(file, parent.left);
    return name === null ? [] : [name];
  }
  if (parent?.type === 'Property' && parent.value === mention && !parent.computed) {
    const object = file.parentOf(parent);
    const assignment = object === null ? null : file.parentOf(object);
    if (assignment?.type === 'AssignmentExpression' && assignment.right === object) {
      if (exportTarget(file, assignment.left) === ALL) return [file.textOf(parent.key)];
    }
  }
  return [];
}

function staticExports(file: ParsedSource): readonly ModuleExport[] {
  return file.module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest, exportName, localName }) => {
      if (moduleRequest !== null) return [];
      const exported = exportName.kind === 'Default' ? 'default' : exportName.name;
      return exported === null ? [] : [{ exported, local: localName.name }];
    }),
  );
}

/** `import('./a.ts')`: the members taken of what it answers, everything where that cannot be seen. */
function dynamicImports(file: ParsedSource): readonly ModuleUse[] {
  return file.nodesOf('ImportExpression').flatMap((node): ModuleUse[] => {
    if (node.source.type !== 'Literal' || typeof node.source.value !== 'string') return [];
    const specifier = node.source.value;
    const awaited = file.parentOf(node);
    const holder = awaited?.type === 'AwaitExpression' ? file.parentOf(awaited) : null;
    if (holder?.type === 'MemberExpression' && !holder.computed)
      return [{ specifier, imported: file.textOf(holder.property) }];
    if (holder?.type === 'VariableDeclarator' && holder.id.type === 'ObjectPattern')
      return patternKeys(file, holder.id).map((imported) => ({ specifier, imported }));
    return [{ specifier, imported: ALL }];
  });
}

function usedInside(file: ParsedSource): ReadonlySet<string> {
  const used = new Set<string>();
  for (const { name, declaration } of topLevelDeclarations(file)) {
    const isUsed = file.variables(name).some((mention) => {
      const isOwn = mention.start >= declaration.start && mention.end <= declaration.end;
      return !isOwn && exportedNames(file, mention).length === 0;
    });
    if (isUsed) used.add(name);
  }
  return used;
}

interface TopLevelDeclaration {
  readonly name: string;
  readonly declaration: Node;
  readonly value: Node | null;
}

/** Functions, classes and variables declared at the top of a file. */
export function topLevelDeclarations(file: ParsedSource): readonly TopLevelDeclaration[] {
  return file.program.body.flatMap((statement): TopLevelDeclaration[] => {
    const isExport =
      statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration';
    const declaration: Node | null = isExport ? statement.declaration : statement;
    if (declaration?.type === 'FunctionDeclaration' || declaration?.type === 'ClassDeclaration') {
      return declaration.id === null ? [] : [{ name: declaration.id.name, declaration, value: declaration }];
    }
    if (declaration?.type !== 'VariableDeclaration') return [];
    return declaration.declarations.flatMap((one) =>
      one.id.type === 'Identifier' ? [{ name: one.id.name, declaration: one, value: one.init }] : [],
    );
  });
}

/** Folders whose modules are loaded by computed names, relative to the file's own: `./rules/`, `./`. */
function loadedFolders(file: ParsedSource): readonly string[] {
  const computed: Node[] = [
    ...file.nodesOf('ImportExpression').map(({ source }) => source),
    ...file
      .nodesOf('CallExpression')
      .filter(({ callee }) => isGlobImport(file, callee) || (isRequire(callee) && !isShadowed(file)))
      .flatMap((call) => call.arguments.slice(0, 1)),
  ];
  return computed.flatMap((argument) => {
    if (argument.type === 'Literal') {
      const parent = file.parentOf(argument);
      const isGlob = parent?.type === 'CallExpression' && isGlobImport(file, parent.callee);
      return isGlob && typeof argument.value === 'string' ? [folderOf(argument.value)] : [];
    }
    return [folderOf(leadingText(file, argument))];
  });
}

function isShadowed(file: ParsedSource): boolean {
  return file.variables('require').some((one) => isFunction(file.parentOf(one)));
}

/** `import.meta.glob('./x/*.ts')` */
function isGlobImport(file: ParsedSource, callee: Node): boolean {
  return callee.type === 'MemberExpression' && /^import\.meta\.glob/.test(file.textOf(callee));
}

/** The text a computed name begins with, as far as it is written out. */
function leadingText(file: ParsedSource, node: Node): string {
  if (node.type === 'TemplateLiteral') return node.quasis[0]?.value.cooked ?? '';
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : '';
  if (node.type === 'BinaryExpression') return leadingText(file, node.left);
  if (node.type === 'MemberExpression') return leadingText(file, node.object);
  if (node.type === 'NewExpression' || node.type === 'CallExpression') {
    // new URL(`./x/${name}`, import.meta.url), path.join(__dirname, 'x', name)
    const written = node.arguments.find(
      (one) => isNode(one) && one.type !== 'SpreadElement' && leadingText(file, one) !== '',
    );
    const isJoin =
      node.type === 'CallExpression' && /^(?:join|resolve)$/.test(lastName(file, node.callee) ?? '');
    return written === undefined ? '' : `${leadingText(file, written)}${isJoin ? '/' : ''}`;
  }
  return '';
}

function folderOf(text: string): string {
  const written = text.replace(/\*.*$/, '');
  return written.includes('/') ? written.slice(0, written.lastIndexOf('/') + 1) : './';
}

function moduleName(file: ParsedSource, node: Node): string {
  return node.type === 'Literal' && typeof node.value === 'string' ? node.value : file.textOf(node);
}

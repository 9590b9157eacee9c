import { topLevelDeclarations } from '../../graph/module-facts.ts';
import { ALL, exportTarget } from '../../graph/module-link.ts';
import type { Project } from '../../project.ts';
import type { Report, Rule } from '../../rule.ts';
import { type Place, placeOf } from '../../rule.ts';
import type { RustNode, RustSource } from '../../rust/rust-source.ts';
import { isFunction } from '../../syntax/functions.ts';
import { isMiddleware } from '../../syntax/middleware-shape.ts';
import type { Node, ParsedSource } from '../../syntax/parsed-source.ts';
import { isEnforcementName, isEnforcementPath } from '../../words.ts';

interface Primitive {
  readonly place: Place;
  readonly name: string;
}

/** Enforcement that is built, and that nothing outside the tests calls. */
export const uncalledPrimitive: Rule = {
  id: 'uncalled-primitive',
  severity: 'error',
  title: 'enforcement that no production code calls',
  remedy: 'Call it on the path it is meant to guard, or delete it with its tests.',
  start() {
    const primitives: Primitive[] = [];
    const rust: RustPrimitives = { defined: [], mentions: new Map() };
    return {
      source(file) {
        if (file.role === 'production') primitives.push(...primitivesOf(file));
      },
      rust(file) {
        if (file.role === 'production') readRust(file, rust);
      },
      finish(project, report) {
        for (const { place, name } of primitives) {
          const isCalled = project.modules.isUsed(place.path, name) || project.isMentionedElsewhere(name);
          if (isCalled || project.modules.isOffered(place.path, name)) continue;
          report({ place, claim: `Nothing outside the tests calls \`${name}\`.` });
        }
        reportRust(rust, project, report);
      },
    };
  },
};

/** Functions and classes of a file's top level that speak of enforcement; middleware has a rule of its own. */
function primitivesOf(file: ParsedSource): readonly Primitive[] {
  const declared = topLevelDeclarations(file).filter(({ value }) => isCode(value));
  const assigned = file.nodesOf('AssignmentExpression').flatMap((one) => {
    const target = exportTarget(file, one.left);
    if (target === null || !isCode(one.right)) return [];
    const own = 'id' in one.right && one.right.id?.type === 'Identifier' ? one.right.id.name : null;
    // The value of `module.exports` without a name of its own is known by its file.
    return own === null && target === ALL
      ? []
      : [{ name: own ?? target, declaration: one, value: one.right }];
  });
  return [...declared, ...assigned]
    .filter(({ name, value }) => isEnforcing(file.path, name) && !isMiddleware(file, value))
    .filter(({ name }) => !(name === 'middleware' && /(?:^|\/)middleware\.\w+$/.test(file.path)))
    .map(({ name, declaration }) => ({ name, place: placeOf(file, declaration) }));
}

function isEnforcing(path: string, name: string): boolean {
  return isEnforcementName(name) || (isEnforcementPath(path) && !/^[A-Z]\w*(?:Error|Exception)$/.test(name));
}

/** A function, a class, or a call that makes one of a function. */
function isCode(value: Node | null): boolean {
  if (value === null) return false;
  if (isFunction(value) || value.type === 'ClassDeclaration' || value.type === 'ClassExpression') return true;
  return value.type === 'CallExpression' && value.arguments.some((one) => isFunction(one));
}

interface RustPrimitives {
  readonly defined: (Primitive & { readonly isMiddleware: boolean; readonly isPublic: boolean })[];
  /** How often production code names an identifier. */
  readonly mentions: Map<string, number>;
}

function readRust(file: RustSource, rust: RustPrimitives): void {
  for (const node of [...file.nodesOf('identifier'), ...file.nodesOf('field_identifier')]) {
    const parent = node.parent()?.kind();
    if (parent === 'function_item' || isUseOrTest(file, node)) continue;
    rust.mentions.set(node.text(), (rust.mentions.get(node.text()) ?? 0) + 1);
  }
  for (const node of file.nodesOf('function_item')) {
    const name = node.field('name')?.text() ?? '';
    if (!isEnforcementName(name) || file.isTestCode(node) || isOfTrait(node)) continue;
    const place = { path: file.path, line: file.lineOf(node), symbol: file.symbolAround(node) };
    const isPublic = node
      .children()
      .some((one) => one.kind() === 'visibility_modifier' && one.text() === 'pub');
    const isLayer = /\bNext\b/.test(node.field('parameters')?.text() ?? '');
    rust.defined.push({ name, place, isPublic, isMiddleware: isLayer });
  }
}

function isUseOrTest(file: RustSource, node: RustNode): boolean {
  return node.ancestors().some((one) => one.kind() === 'use_declaration') || file.isTestCode(node);
}

/** Methods of a trait's implementation are called through the trait. */
function isOfTrait(node: RustNode): boolean {
  return node
    .ancestors()
    .some(
      (one) => one.kind() === 'trait_item' || (one.kind() === 'impl_item' && one.field('trait') !== null),
    );
}

function reportRust({ defined, mentions }: RustPrimitives, { paths }: Project, report: Report): void {
  // Without a program in the tree its crates are libraries, whose callers are elsewhere.
  const hasProgram = paths.some((path) => /(?:^|\/)src\/(?:main\.rs|bin\/)/.test(path));
  for (const { name, place, isMiddleware: isLayer, isPublic } of defined) {
    if (isLayer || (mentions.get(name) ?? 0) > 0 || (isPublic && !hasProgram)) continue;
    report({ place, claim: `Nothing outside the tests calls \`${name}\`.` });
  }
}

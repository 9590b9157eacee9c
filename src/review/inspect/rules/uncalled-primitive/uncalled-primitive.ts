import { topLevelDeclarations } from '../../graph/module-facts.ts';
import { ALL, exportTarget } from '../../graph/module-link.ts';
import { type Place, placeOf, type Rule } from '../../rule.ts';
import { createRustCallers } from '../../rust/rust-callers.ts';
import { isFunction } from '../../syntax/functions.ts';
import { isMiddleware } from '../../syntax/middleware-shape.ts';
import type { Node, ParsedSource } from '../../syntax/parsed-source.ts';
import { isEnforcementName, isEnforcementPath } from '../../words.ts';
import { rustPrimitives } from './rust-primitives.ts';

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
    const rust = createRustCallers();
    return {
      source(file) {
        if (file.role === 'production') primitives.push(...primitivesOf(file));
      },
      rust(file) {
        if (file.role === 'production') rust.read(file, rustPrimitives(file));
      },
      finish(project, report) {
        for (const { place, name } of primitives) {
          const isCalled = project.modules.isUsed(place.path, name) || project.isMentionedElsewhere(name);
          if (isCalled || project.modules.isOffered(place.path, name)) continue;
          report({ place, claim: `Nothing outside the tests calls \`${name}\`.` });
        }
        for (const { place, name } of rust.uncalled(project))
          report({ place, claim: `Nothing outside the tests calls \`${name}\`.` });
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

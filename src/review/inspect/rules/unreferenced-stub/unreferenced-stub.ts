import { type Place, placeOf, type Rule } from '../../rule.ts';
import { functionAround, functionName, functionsOf, isWithin } from '../../syntax/functions.ts';
import type { Node, NodeOf, ParsedSource } from '../../syntax/parsed-source.ts';
import { isEnforcementName } from '../../words.ts';
import { rustStubs } from './rust-stubs.ts';

/** A class with as many methods that are not there is written for others to extend. */
const FEWEST_OF_INTERFACE = 3;

/** Code that says of itself that it is not done, where requests pass. */
export const unreferencedStub: Rule = {
  id: 'unreferenced-stub',
  severity: 'warning',
  title: 'unfinished code on a path that runs',
  remedy: 'Finish it, or refuse what is not there with an error that the caller can act on.',
  start() {
    const stubs: { readonly place: Place; readonly name: string; readonly className: string | null }[] = [];
    const extended = new Set<string>();
    return {
      source(file, report) {
        for (const name of superClasses(file)) extended.add(name);
        if (file.role !== 'production') return;
        for (const one of file.nodesOf('ThrowStatement')) {
          if (!saysUnfinished(file, one.argument)) continue;
          const around = functionAround(file, one);
          if (around === null || isAbstract(file, around)) continue;
          const name = functionName(file, around) ?? file.symbolAround(one);
          stubs.push({ place: placeOf(file, one), name, className: classAround(file, one) });
        }
        for (const { value, start, end } of file.comments) {
          const word = /^[\s*]*(?:@?(TODO|FIXME|XXX|HACK))\b/.exec(value)?.[1];
          const name = word === undefined ? null : enforcementAround(file, start, end);
          if (name === null) continue;
          const claim = `\`${name}\` promises enforcement, and has a ${word} where it should refuse.`;
          report({ place: { path: file.path, line: file.lineAt(start), symbol: name }, claim });
        }
      },
      rust(file, report) {
        if (file.role !== 'production') return;
        for (const { place, macro } of rustStubs(file))
          report({ place, claim: `\`${place.symbol}\` ends in \`${macro}!\`, which ends the thread.` });
      },
      finish({ modules }, report) {
        const sizes = Map.groupBy(stubs, ({ place, className }) => `${place.path} ${className}`);
        for (const { place, name, className } of stubs) {
          // A class that others extend, in the tree or outside, leaves it to them.
          const isInterface = (sizes.get(`${place.path} ${className}`)?.length ?? 0) >= FEWEST_OF_INTERFACE;
          const isLeft = className !== null && (isInterface || extended.has(className));
          if (isLeft || (className !== null && modules.isOffered(place.path, className))) continue;
          report({ place, claim: `\`${name}\` throws that it is not implemented.` });
        }
      },
    };
  },
};

function saysUnfinished(file: ParsedSource, thrown: Node): boolean {
  if (thrown.type !== 'NewExpression' && thrown.type !== 'CallExpression') return false;
  return /['"`][^'"`]*\b(?:not (?:yet )?implemented|unimplemented|todo\b)[^'"`]*['"`]|\bNotImplemented/i.test(
    file.textOf(thrown),
  );
}

function superClasses(file: ParsedSource): readonly string[] {
  return [...file.nodesOf('ClassDeclaration'), ...file.nodesOf('ClassExpression')].flatMap(
    ({ superClass }) => (superClass === null ? [] : [file.textOf(superClass).split('.').at(-1) ?? '']),
  );
}

function classNodeAround(file: ParsedSource, node: Node): NodeOf<'ClassDeclaration'> | null {
  for (let at = file.parentOf(node); at !== null; at = file.parentOf(at))
    if (at.type === 'ClassDeclaration' || at.type === 'ClassExpression') return at;
  return null;
}

function classAround(file: ParsedSource, node: Node): string | null {
  return classNodeAround(file, node)?.id?.name ?? null;
}

function isAbstract(file: ParsedSource, around: Node): boolean {
  const owner = classNodeAround(file, around);
  if (owner === null) return false;
  return owner.abstract === true || /^(?:Abstract|Base)|(?:Base|Mock|Stub)$/.test(owner.id?.name ?? '');
}

/** The innermost enforcing function around a comment, where it neither asks nor refuses anything. */
function enforcementAround(file: ParsedSource, start: number, end: number): string | null {
  const [innermost] = functionsOf(file)
    .filter((node) => node.body !== null && node.body.start < start && node.body.end > end)
    .sort((a, b) => b.start - a.start);
  const name = innermost === undefined ? null : functionName(file, innermost);
  if (innermost === undefined || name === null || !isEnforcementName(name)) return null;
  const acts = [
    ...file.nodesOf('IfStatement'),
    ...file.nodesOf('ThrowStatement'),
    ...file.nodesOf('CallExpression'),
  ];
  return acts.some((one) => isWithin(one, innermost)) ? null : name;
}

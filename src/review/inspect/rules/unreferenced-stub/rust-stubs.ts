import { type Place, placeOfRust } from '../../rule.ts';
import type { RustNode } from '../../rust/rust-node.ts';
import type { RustSource } from '../../rust/rust-source.ts';

interface RustStub {
  readonly place: Place;
  readonly macro: string;
}

/** An `impl` with as many methods that are not there is one in which nobody is meant to call them. */
const FEWEST_OF_DUMMY = 3;

/** `todo!` and `unimplemented!` outside tests; not `unimplemented!("why nobody may ask for it")`. */
export function rustStubs(file: RustSource): readonly RustStub[] {
  const found = file.nodesOf('macro_invocation').flatMap((node) => {
    const macro = node.field('macro')?.text() ?? '';
    if (!/^(?:todo|unimplemented)$/.test(macro) || file.isTestCode(node)) return [];
    if (macro === 'unimplemented' && (saysWhy(node) || isLeftToOthers(node))) return [];
    const impl = node.ancestors().find((one) => one.kind() === 'impl_item');
    return [{ place: placeOfRust(file, node), macro, implId: impl?.id() ?? null }];
  });
  const sizes = Map.groupBy(found, ({ implId }) => implId);
  return found.filter(({ macro, implId }) => {
    const size = implId === null ? 0 : (sizes.get(implId)?.length ?? 0);
    return macro === 'todo' || size < FEWEST_OF_DUMMY;
  });
}

/** A message of some words that does not put it off. */
function saysWhy(node: RustNode): boolean {
  const message = /"((?:[^"\\]|\\.)*)"/.exec(node.text())?.[1] ?? '';
  return (
    /\w\s+\w/.test(message) && !/\b(?:not (?:yet )?implemented|yet|todo|fixme|later|wip)\b/i.test(message)
  );
}

/** The default of a trait, which others replace; a type inside a function; a type that says it stands in for another. */
function isLeftToOthers(node: RustNode): boolean {
  const around = node.ancestors();
  const impl = around.findIndex((one) => one.kind() === 'impl_item');
  if (impl >= 0 && around.slice(impl).some((one) => one.kind() === 'function_item')) return true;
  return around.some((one) => {
    if (one.kind() === 'trait_item') return true;
    return one.kind() === 'impl_item' && /Mock|Stub|Dummy|Fake|Noop/.test(one.field('type')?.text() ?? '');
  });
}

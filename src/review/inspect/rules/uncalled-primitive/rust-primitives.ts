import { placeOfRust } from '../../rule.ts';
import type { RustCallee } from '../../rust/rust-callers.ts';
import { isOfTrait, isPublic, isRustMiddleware, isTakenByMacro } from '../../rust/rust-node.ts';
import type { RustSource } from '../../rust/rust-source.ts';
import { isEnforcementName } from '../../words.ts';

/** Functions of Rust whose name speaks of enforcement; middleware has a rule of its own. */
export function rustPrimitives(file: RustSource): readonly RustCallee[] {
  return file.nodesOf('function_item').flatMap((node) => {
    const name = node.field('name')?.text() ?? '';
    if (!isEnforcementName(name) || file.isTestCode(node) || isOfTrait(node)) return [];
    const holder = node.parent()?.parent() ?? null;
    if (isTakenByMacro(node) || (holder !== null && isTakenByMacro(holder))) return [];
    if (isRustMiddleware(node)) return [];
    return [{ name, place: placeOfRust(file, node), isPublic: isPublic(node) }];
  });
}

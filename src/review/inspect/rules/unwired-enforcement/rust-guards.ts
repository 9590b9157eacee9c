import { placeOfRust } from '../../rule.ts';
import type { RustCallee } from '../../rust/rust-callers.ts';
import { isOfTrait, isPublic, isRustMiddleware, isTakenByMacro } from '../../rust/rust-node.ts';
import type { RustSource } from '../../rust/rust-source.ts';
import { isEnforcementName } from '../../words.ts';

/** What guards a route only where a router or a handler names it. */
export interface RustGuard extends RustCallee {
  readonly kind: 'middleware' | 'layer' | 'extractor';
}

/** Functions around the handler, and types that are layers or extractors and speak of enforcement. */
export function rustGuards(file: RustSource): readonly RustGuard[] {
  const functions = file.nodesOf('function_item').flatMap((node): RustGuard[] => {
    if (!isRustMiddleware(node) || file.isTestCode(node) || isOfTrait(node) || isTakenByMacro(node))
      return [];
    const name = node.field('name')?.text() ?? '';
    return [{ name, kind: 'middleware', place: placeOfRust(file, node), isPublic: isPublic(node) }];
  });
  const kinds = guardingTypes(file);
  const types = ['struct_item', 'enum_item'].flatMap((item) =>
    file.nodesOf(item).flatMap((node): RustGuard[] => {
      const name = node.field('name')?.text() ?? '';
      const kind = kinds.get(name);
      if (kind === undefined || !isEnforcementName(name) || file.isTestCode(node)) return [];
      return [{ name, kind, place: placeOfRust(file, node), isPublic: isPublic(node) }];
    }),
  );
  return [...functions, ...types];
}

/** `impl<S> Layer<S> for RequireKey` in tower, `Transform` in actix, `FromRequestParts` in axum. */
function guardingTypes(file: RustSource): ReadonlyMap<string, RustGuard['kind']> {
  return new Map(
    file.nodesOf('impl_item').flatMap((node): [string, RustGuard['kind']][] => {
      const trait = /(\w+)(?:<|$)/.exec(node.field('trait')?.text() ?? '')?.[1] ?? '';
      const name =
        node
          .field('type')
          ?.text()
          .replace(/<[\s\S]*$/, '') ?? '';
      if (/^(?:Layer|Transform|Middleware|Fairing)$/.test(trait)) return [[name, 'layer']];
      return /^(?:FromRequest|FromRequestParts)$/.test(trait) ? [[name, 'extractor']] : [];
    }),
  );
}

import { topLevelDeclarations } from '../../graph/module-facts.ts';
import { type Place, placeOf, type Rule } from '../../rule.ts';
import { createRustCallers } from '../../rust/rust-callers.ts';
import { isMiddleware } from '../../syntax/middleware-shape.ts';
import type { ParsedSource } from '../../syntax/parsed-source.ts';
import { isEnforcementName } from '../../words.ts';
import { layersBeforeRoutes } from './axum-routes.ts';
import { routeFindings } from './route-guards.ts';
import { type RustGuard, rustGuards } from './rust-guards.ts';

interface Middleware {
  readonly place: Place;
  readonly name: string;
}

/** Guards that are written and not registered where requests pass. */
export const unwiredEnforcement: Rule = {
  id: 'unwired-enforcement',
  severity: 'error',
  title: 'guards that no route passes',
  remedy: 'Register the guard on the application or the route, before the handler.',
  start() {
    const defined: Middleware[] = [];
    const rust = createRustCallers<RustGuard>();
    return {
      source(file, report) {
        if (file.role !== 'production') return;
        defined.push(...middlewareOf(file));
        for (const one of routeFindings(file)) report(one);
      },
      rust(file, report) {
        if (file.role !== 'production') return;
        rust.read(file, rustGuards(file));
        for (const one of layersBeforeRoutes(file)) report(one);
      },
      finish(project, report) {
        const { modules } = project;
        for (const { place, name } of defined) {
          const isWired = modules.isUsed(place.path, name) || project.isMentionedElsewhere(name);
          if (isWired || modules.isOffered(place.path, name)) continue;
          report({ place, claim: `The middleware \`${name}\` is registered nowhere.` });
        }
        for (const { place, name, kind } of rust.uncalled(project))
          report({ place, claim: `The ${kind} \`${name}\` is registered nowhere.` });
        for (const { path, line, local, imported } of modules.idleImports) {
          if (!isGuardName(local)) continue;
          const claim = `\`${imported === '*' || imported === 'default' ? local : imported}\` is imported and never used here.`;
          report({ place: { path, line, symbol: '' }, claim, severity: 'warning' });
        }
      },
    };
  },
};

function middlewareOf(file: ParsedSource): readonly Middleware[] {
  return topLevelDeclarations(file)
    .filter(({ value }) => isMiddleware(file, value))
    .map(({ name, declaration }) => ({ name, place: placeOf(file, declaration) }));
}

/** A value that enforces: types and constants are written otherwise. */
function isGuardName(name: string): boolean {
  return /^[a-z]/.test(name) && isEnforcementName(name);
}

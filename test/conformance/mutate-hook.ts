import { registerHooks } from 'node:module';
import { mutants } from './mutants.ts';

// Loaded with --import in a process of its own: patches one source file as it is loaded.
const mutant = mutants[Number(process.env.MUTANT)];
if (mutant !== undefined) {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.endsWith(mutant.file)) return loaded;
      const source = String(loaded.source);
      if (source.split(mutant.find).length !== 2) {
        throw new Error(`stale mutant: "${mutant.find}" must stand exactly once in ${mutant.file}`);
      }
      Object.assign(globalThis, { mutantApplied: true });
      return { ...loaded, source: source.replace(mutant.find, () => mutant.replace) };
    },
  });
}

import type { Project } from '../project.ts';
import type { Place } from '../rule.ts';
import type { RustSource } from './rust-source.ts';

/** Something of Rust that does its work only where production code names it. */
export interface RustCallee {
  readonly name: string;
  readonly place: Place;
  readonly isPublic: boolean;
}

/** What the files of a tree define and name, and at the end what nothing names. */
export function createRustCallers<Callee extends RustCallee>(): {
  /** To be called with every file of production, whether it defines something or not. */
  read(file: RustSource, defined: readonly Callee[]): void;
  uncalled(project: Project): readonly Callee[];
} {
  const all: Callee[] = [];
  const named = new Set<string>();
  return {
    read(file, defined) {
      all.push(...defined);
      for (const name of file.mentions().keys()) named.add(name);
    },
    uncalled(project) {
      const isOffered = offeredPaths(project);
      return all.filter(
        ({ name, isPublic, place }) => !named.has(name) && !(isPublic && isOffered(place.path)),
      );
    },
  };
}

/**
 * Whether what is public in a file has callers outside the tree: without a program in the tree, its crates are libraries;
 * beside one, those whose manifest has what a registry asks for, a licence and a description.
 */
function offeredPaths({ paths, readText }: Project): (path: string) => boolean {
  if (!paths.some((path) => /(?:^|\/)src\/(?:main\.rs|bin\/)/.test(path))) return () => true;
  const crates = paths
    .filter((path) => /(?:^|\/)Cargo\.toml$/.test(path))
    .map((path) => path.slice(0, -'Cargo.toml'.length));
  const offered = new Set(
    crates.filter((folder) => {
      const manifest = readText(`${folder}Cargo.toml`) ?? '';
      const has = (key: string) => new RegExp(`^${key}\\b`, 'm').test(manifest);
      return (
        paths.includes(`${folder}src/lib.rs`) &&
        has('description') &&
        has('license') &&
        !/^publish\s*=\s*false/m.test(manifest)
      );
    }),
  );
  return (path) => {
    const own = crates.filter((folder) => path.startsWith(folder)).sort((a, b) => b.length - a.length)[0];
    return own !== undefined && offered.has(own);
  };
}

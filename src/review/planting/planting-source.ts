import { spanOf } from '../inspect/index.ts';
import { CONTROLS } from './controls.ts';
import { MUTATORS } from './mutators.ts';
import { type Planted, type PlantingTree, plantingFile } from './planting-file.ts';
import { RUST_CONTROLS } from './rust-controls.ts';
import { RUST_MUTATORS } from './rust-mutators.ts';
import { rustPlantingFile } from './rust-planting-file.ts';

/** Languages that defects can be planted in; a script is TypeScript or JavaScript. */
export type PlantingLanguage = 'script' | 'rust';

/** One file of any of them, and the ways it can be changed. */
export interface PlantingSource {
  readonly path: string;
  readonly text: string;
  readonly language: PlantingLanguage;
  /** What can be broken in the way of a kind; nothing of a kind that its language does not have. */
  defects(kind: string): readonly Planted[];
  /** The text after a change that is no defect; null where there is no room for it. */
  control(kind: string): string | null;
  /** The functions and types around a place, joined by dots. */
  symbolAt(position: number): string;
}

/** Null where the file does not parse, or is of no language that defects can be planted in. */
export function plantingSource(project: PlantingTree, path: string, text: string): PlantingSource | null {
  const language = plantingLanguageOf(path);
  if (language === null) return null;
  return language === 'rust' ? rustSource(project, path, text) : scriptSource(project, path, text);
}

/** By the file's name; null of declarations and of what was made from other files. */
export function plantingLanguageOf(path: string): PlantingLanguage | null {
  if (path.endsWith('.rs')) return 'rust';
  return /\.[cm]?[jt]sx?$/.test(path) && !/\.d\.[cm]?ts$|\.min\./.test(path) ? 'script' : null;
}

/** Every way to break a file of a language, with the rules that may speak of it. */
export function defectKinds(
  language: PlantingLanguage,
): ReadonlyMap<string, { readonly rules: readonly string[] }> {
  return language === 'rust' ? RUST_MUTATORS : MUTATORS;
}

export function controlKinds(language: PlantingLanguage): readonly string[] {
  return [...(language === 'rust' ? RUST_CONTROLS : CONTROLS).keys()];
}

function scriptSource(project: PlantingTree, path: string, text: string): PlantingSource | null {
  const file = plantingFile(project, path, text);
  if (file === null) return null;
  return {
    path,
    text,
    language: 'script',
    defects: (kind) => MUTATORS.get(kind)?.plant(file) ?? [],
    control: (kind) => CONTROLS.get(kind)?.(file) ?? null,
    symbolAt: (position) => {
      const around = file.nodes.findLast(({ start, end }) => start <= position && position < end);
      return around === undefined ? '' : file.symbolAround(around);
    },
  };
}

function rustSource(project: PlantingTree, path: string, text: string): PlantingSource | null {
  const file = rustPlantingFile(project, path, text);
  if (file.source.nodesOf('ERROR').length > 0) return null;
  return {
    path,
    text,
    language: 'rust',
    defects: (kind) => RUST_MUTATORS.get(kind)?.plant(file) ?? [],
    control: (kind) => RUST_CONTROLS.get(kind)?.(file) ?? null,
    symbolAt: (position) => {
      const around = file.source.nodesOf('function_item').findLast((node) => {
        const { start, end } = spanOf(node);
        return start <= position && position < end;
      });
      return around === undefined ? '' : file.source.symbolAround(around);
    },
  };
}

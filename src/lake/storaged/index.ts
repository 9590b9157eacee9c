export type { ContentWriter, WrittenContent } from './content-writer.ts';
export type { Storaged, StoragedParts } from './create-storaged.ts';
export { createStoraged } from './create-storaged.ts';
export type { ObjectSource, SourceFile } from './object-source.ts';
export type { SettledIntent } from './settle-intent.ts';
export type { SystemFiles, SystemNamespace } from './system-files.ts';

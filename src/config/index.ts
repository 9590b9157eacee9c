export type { Config } from './schema.ts';
export { configSchema } from './schema.ts';

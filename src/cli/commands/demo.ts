import type { AddCommand } from '../cli-context.ts';
export const addDemoCommand: AddCommand = () => {};

#!/usr/bin/env node
// The command `lakehouse`: starts the compiled program when it is there, the TypeScript sources otherwise.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runCommand } from './pinned-node.js';

const compiled = fileURLToPath(new URL('../dist/cli/lakehouse.js', import.meta.url));
const source = fileURLToPath(new URL('../src/cli/lakehouse.ts', import.meta.url));
runCommand(existsSync(source) ? source : compiled, process.argv.slice(2));

import { once } from 'node:events';

// A server in a process of its own, so that it can be killed and traced: `serve-child.ts HOME`. Everything is loaded at
// once; the home is opened when the parent says so by a line on stdin, and the server ends in order with the stream.
const home = process.argv[2];
if (home === undefined) throw new Error('usage: serve-child.ts HOME');
const { startServer } = await import('../../src/main.ts');
process.stdin.resume();
await once(process.stdin, 'data');
process.stdin.on('end', () => void server.close().then(() => process.exit(0)));
const server = await startServer({ home, environment: {}, flags: { 'server.port': 0 } });
process.stdout.write(`${JSON.stringify({ url: server.url, notices: server.notices })}\n`);

// One review of the folder named on the command line, alone in its process, so that its memory is its own.
import { inspectTree } from '../../src/review/inspect/index.ts';

const [folder = '.'] = process.argv.slice(2);
const startedMs = performance.now();
const { files, sizeBytes, findings } = await inspectTree(folder);
const seconds = (performance.now() - startedMs) / 1000;
const { user, system } = process.cpuUsage();
const memoryMb = process.resourceUsage().maxRSS / 1000;
console.log(
  JSON.stringify({
    files,
    sizeBytes,
    seconds,
    cpuSeconds: (user + system) / 1e6,
    memoryMb,
    findings: findings.length,
  }),
);

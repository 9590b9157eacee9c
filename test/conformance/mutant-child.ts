import { runProbes } from './run-probes.ts';

// Run in a process of its own with the mutating hook loaded: prints what the probes caught.
try {
  const { probes } = await runProbes();
  const caught = [...new Set(probes.filter((probe) => !probe.holds).map((probe) => probe.step))];
  const applied = 'mutantApplied' in globalThis;
  console.log(JSON.stringify({ applied, probes: probes.length, caught }));
} catch (error) {
  console.log(
    JSON.stringify({
      probes: 0,
      caught: [],
      crashed: error instanceof Error ? error.message : String(error),
    }),
  );
}
process.exit(0);

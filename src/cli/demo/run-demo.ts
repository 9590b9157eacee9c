import type { CliContext } from '../cli-context.ts';
import { displayText } from '../display-text.ts';
import { counted, humanDuration } from '../human-text.ts';
import type { Terminal } from '../terminal.ts';
import { actingFor, applyDemoPolicy, type Caller, makeCallers } from './callers.ts';
import { describeKept, describeTimings, whereToGoNext } from './closing.ts';
import { COUNT_SQL, describeViews, PERSON_SQL, REFUSED_SQL, viewAs } from './comparison-scene.ts';
import { DEMO_POLICY_LINES } from './demo-policy.ts';
import { type DemoServer, startDemoServer } from './demo-server.ts';
import { describeLoaded, describePersonalData, loadDatasets } from './ingest-scene.ts';
import { describeAudit, describeJournal, journalTotal } from './journal-scene.ts';
import {
  describeCeiling,
  describeLeak,
  describeSpending,
  describeTwoChats,
  type ModelScene,
} from './model-scene.ts';
import { REAL_PROVIDER_LINES, STAND_IN_ROUTING, standInConfig } from './model-settings.ts';
import { createStage } from './stage.ts';
import { type StandInProvider, startStandInProvider } from './stand-in-provider.ts';
import { describePlacements, placementsAs, TOOL_CALL } from './tool-scene.ts';
import { triggerRules } from './truth-scene.ts';

/** Columns of the story, also where no terminal shows it: its tables stand side by side with their words. */
const WIDEST = 100;

interface DemoOptions {
  readonly rows: number;
  readonly keep: boolean;
  readonly json: boolean;
}

/** The main job on real data, over HTTP, against a server of its own; leaves nothing behind unless `keep`. */
export async function runDemo(given: CliContext, options: DemoOptions): Promise<void> {
  // With --json the story goes to standard error, and only the measurements to standard output.
  const { note, print } = given.terminal;
  const columns = Math.min(WIDEST, given.terminal.columns);
  const context = { ...given, terminal: { ...given.terminal, columns, print: options.json ? note : print } };
  const { terminal, interrupted, nowMs } = context;
  const { colours } = terminal;
  const startedMs = nowMs();
  terminal.print();
  terminal.print(` ${colours.bold('lakehouse')}  one governed door to a team’s data and models`);
  terminal.print(
    colours.dim(
      ' a real server, a fresh home, four callers; every request: identity → access → truth → journal',
    ),
  );
  const stage = createStage(terminal, nowMs, interrupted);
  let server: DemoServer | null = null;
  const provider = await startStandInProvider();
  try {
    server = await stage.step('A home, and a server on a free port', async (say) => {
      const settings = {
        'lakehouse.toml': standInConfig(provider.baseUrl),
        'routing.toml': STAND_IN_ROUTING,
      };
      const started = await startDemoServer({ ...context, settings });
      say(`${started.url}   process ${started.pid}   home ${started.home}`);
      return started;
    });
    await tellStory(context, stage, { server, provider }, options);
    if (options.json)
      given.terminal.print(JSON.stringify({ rows: options.rows, steps: stage.timings }, null, 2));
    terminal.print();
    if (!options.keep) return;
    terminal.print(` ${colours.bold('The server stays up')}`);
  } finally {
    await provider.close();
    if (server !== null && (!options.keep || interrupted.aborted)) await server.remove();
    if (server !== null && !options.keep) {
      const elapsed = humanDuration(nowMs() - startedMs);
      terminal.print(
        colours.dim(` server stopped, folder removed: nothing is left behind · ${elapsed} in all`),
      );
    }
  }
}

type Stage = ReturnType<typeof createStage>;

async function tellStory(
  context: CliContext,
  stage: Stage,
  { server, provider }: { readonly server: DemoServer; readonly provider: StandInProvider },
  options: DemoOptions,
): Promise<void> {
  const { terminal } = context;
  const { colours } = terminal;
  const parts = { terminal, nowMs: context.nowMs, signal: context.interrupted };

  const callers = await stage.step('Keys for four callers', async (say) => {
    const made = await makeCallers(server.url, server.adminKey, context.fetch);
    say(
      Object.values(made)
        .map((caller) => `${colours.bold(caller.name)} (${caller.title})`)
        .join('   '),
    );
    return made;
  });
  const { admin, analyst, recruiter, agent } = callers;

  const loaded = await stage.step('Real files and generated candidates, ingested over HTTP', async (say) => {
    const datasets = await loadDatasets(admin, options.rows, parts);
    say(describeLoaded(datasets, terminal));
    return datasets;
  });

  await stage.step('Personal data, found by name and by content', async (say) => {
    say(describePersonalData(loaded, terminal));
  });

  await showPolicy(stage, admin, terminal);
  await stage.step('The same SQL, as each of them', async (say) => {
    for (const sql of [PERSON_SQL, COUNT_SQL, REFUSED_SQL]) say(colours.dim(sql));
    const views = [];
    for (const caller of [admin, analyst, recruiter, agent]) views.push(await viewAs(caller));
    say(describeViews(views, terminal));
    say(
      `${colours.yellow('masked')} at the scan · ${colours.cyan('filtered')} by region · ${colours.red('refused')} like a name that does not exist`,
    );
  });

  await stage.step('The agent acts for rosa: never more than both may', async (say) => {
    const acting = await actingFor(agent, recruiter, context.fetch);
    say(describeViews([await viewAs(recruiter), await viewAs(agent), await viewAs(acting)], terminal));
  });

  await stage.step('One tool of config/tools, as two of them: it has no right of its own', async (say) => {
    say(colours.dim(TOOL_CALL));
    const views = [await placementsAs(analyst), await placementsAs(recruiter)];
    say(describePlacements(views, terminal));
    say(colours.dim('the same tools are there for MCP clients: `lakehouse mcp`, or /mcp over HTTP'));
  });

  await stage.step('Truth rules: one blocks, one flags', async (say) => {
    say(await triggerRules(admin, terminal));
  });

  await showModels(stage, { callers, provider, terminal, signal: context.interrupted });
  await showRecord(stage, admin, terminal);
  await stage.step('What it took', async (say) => say(describeTimings(stage, terminal)));
  terminal.print();
  terminal.print(` ${colours.bold('Where to go next')}`);
  const lines = (options.keep ? describeKept(server, callers) : whereToGoNext()).split('\n');
  for (const line of lines) terminal.print(`   ${line}`);
}

/** The shipped policy, changed by one of the demo's, with what changed. */
async function showPolicy(stage: Stage, admin: Caller, { colours }: Terminal): Promise<void> {
  await stage.step('A policy as code: grants and a row filter; the shipped masks go by tag', async (say) => {
    say(colours.dim(DEMO_POLICY_LINES.join('\n')));
    const { version, diff } = await applyDemoPolicy(admin);
    const changes = [...diff.added.map((rule) => `+ ${rule}`), ...diff.changed.map((rule) => `~ ${rule}`)];
    say(
      `version ${version} in force: ${changes.length === 0 ? 'no change' : displayText(changes.join('  '))}`,
    );
  });
}

/** Models behind the same door: context as the caller sees it, a leak, a ceiling, and what is kept of it all. */
async function showModels(stage: Stage, scene: ModelScene): Promise<void> {
  const { colours } = scene.terminal;
  await stage.step(
    'One chat over the same rows, as two roles (a stand-in answers: no model runs)',
    async (say) => {
      say(await describeTwoChats(scene));
    },
  );
  await stage.step('Truth on answers: what a role sees masked does not reach it by a model', async (say) => {
    say(await describeLeak(scene));
  });
  await stage.step('A ceiling holds before a call what it could cost', async (say) => {
    say(await describeCeiling(scene));
  });
  await stage.step('Who used how much, at a made-up price', async (say) => {
    say(await describeSpending(scene));
    say();
    say('A real model takes three lines in lakehouse.toml, and its key in the environment:');
    say(colours.dim(REAL_PROVIDER_LINES.join('\n')));
  });
}

/** The journal grows by one change before the reader's eyes, and is verified. */
async function showRecord(stage: Stage, admin: Caller, terminal: Terminal): Promise<void> {
  const before = await journalTotal(admin);
  await stage.step('The journal: every change, chained and signed; the audit: every read', async (say) => {
    const json = { name: 'temp', role: 'analyst' };
    await admin.api.json({ method: 'POST', path: '/access/keys', json });
    say(`one key more: ${before} → ${counted(await journalTotal(admin), 'event')}`);
    say(await describeJournal(admin, terminal));
    say(await describeAudit(admin, terminal));
  });
}

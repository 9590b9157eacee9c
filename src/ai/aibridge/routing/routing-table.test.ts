import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { isLakeError } from '../../../base/index.ts';
import { createCatalogue } from '../catalogue/catalogue.ts';
import { readCatalogue } from '../catalogue/catalogue-file.ts';
import { parseRouting, readRouting } from './routing-table.ts';

const SHIPPED = fileURLToPath(new URL('../../../../config/routing.toml', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lakehouse-routing-'));
afterAll(() => rmSync(folder, { recursive: true }));

const parse = (text: string) => parseRouting(text, 'routing.toml');

function problemsOf(text: string) {
  try {
    parse(text);
  } catch (error) {
    if (isLakeError(error) && error.code === 'models.routing_invalid') return error.detail.split('\n');
    throw error;
  }
  return [];
}

test.each([
  [
    '[[rules]]\nname = "a"\nladdr = "x"\nto = "p/m"',
    ['routing.toml, line 3: rules[0].laddr: Unknown key. Did you mean "ladder"?'],
  ],
  ['[[rules]]\nname = "a"', ['routing.toml, line 1: rules[0]: A rule needs either ladder or to.']],
  ['[[rules]]\nname = "a"\nto = "gpt-4o"', ['routing.toml, line 3: rules[0].to: Must be provider/model.']],
  [
    '[ladders.scrum]\n[[rules]]\nname = "a"\nladder = "scrumm"',
    ['routing.toml, line 4: rules[0].ladder: No ladder of this name. Did you mean "scrum"?'],
  ],
  [
    '[[rules]]\nname = "fits-nothing"\nto = "p/m"\nwhen = { min_input_tokens = 9, max_input_tokens = 8 }',
    [
      'routing.toml, line 4: rules[0].when.min_input_tokens: It is more than max_input_tokens: the rule would fit nothing.',
    ],
  ],
  [
    '[[rules]]\nname = "stay"\nto = "p/m"\n[[ceilings]]\nname = "c"\nusd_per_hour = 1\nwhen = { rule = "stey" }',
    [
      'routing.toml, line 7: ceilings[0].when.rule: No rule of this name: the ceiling would hold nothing. Did you mean "stay"?',
    ],
  ],
  [
    '[[rules]]\nname = "a"\nto = "p/m"\n[[rules]]\nname = "a"\nto = "p/m"',
    ['routing.toml, line 5: rules[1].name: Another one has this name.'],
  ],
  [
    '[[rules]]\nname = "a"\nto = "p/m"\nwhen = { needs = ["tool"] }',
    [
      'routing.toml, line 4: rules[0].when.needs[0]: Must be one of chat, embeddings, tools, vision, audio, reasoning, json_schema, prompt_caching, prefill. Did you mean "tools"?',
    ],
  ],
  [
    '[ladders.x]\nrungs = [\n{ provider = "p", model = "m", role = "final" },\n{ provider = "p", model = "m" }]',
    ['routing.toml, line 3: ladders.x.rungs[0].role: Only the last rung may be final.'],
  ],
  [
    '[ladders.x]\nfallback_on = ["rate_limit"]',
    [
      'routing.toml, line 2: ladders.x.fallback_on[0]: Must be one of rate_limited, server_error, timeout, unreachable, refused_key, unknown_model, bad_request, context_too_long, cut_off. Did you mean "rate_limited"?',
    ],
  ],
  [
    '[ladders.x]\nfallback_on = ["cancelled"]',
    [
      'routing.toml, line 2: ladders.x.fallback_on[0]: Must be one of rate_limited, server_error, timeout, unreachable, refused_key, unknown_model, bad_request, context_too_long, cut_off.',
    ],
  ],
  [
    '[[ceilings]]\nname = "all"',
    [
      'routing.toml, line 1: ceilings[0]: A ceiling needs at least one of usd_per_hour, usd_per_day, usd_per_request, tokens_per_hour, requests_per_hour.',
    ],
  ],
  [
    '[[ceilings]]\nname = "all"\nusd_per_hour = 0.0000000001',
    ['routing.toml, line 3: ceilings[0].usd_per_hour: Dollars have at most nine decimals.'],
  ],
  [
    '[[ceilings]]\nname = "all"\nusd_per_hour = -1',
    ['routing.toml, line 3: ceilings[0].usd_per_hour: Must be at least 0.'],
  ],
  [
    '[[ceilings]]\nname = "all"\nusd_per_hour = nan',
    [
      'routing.toml, line 3: ceilings[0].usd_per_hour: Must be a number, such as 0.5; this is no finite number.',
    ],
  ],
  [
    '[[ceilings]]\nname = "all"\nusd_per_hour = 1\nper = ["rule"]',
    [
      'routing.toml, line 4: ceilings[0].per[0]: Must be one of identity, role, task, provider, model. Did you mean "role"?',
    ],
  ],
  [
    '[models."openai/gpt-4o"]\nbilling = "metred"',
    [
      'routing.toml, line 2: models.openai/gpt-4o.billing: Must be one of metered, flat, free. Did you mean "metered"?',
    ],
  ],
  [
    '[models.gpt-4o]\nbilling = "flat"',
    ['routing.toml, line 1: models.gpt-4o: The name is not allowed: Must be provider/model.'],
  ],
  ['[retries]\nbudget_ratio = 2', ['routing.toml, line 2: retries.budget_ratio: Must be at most 1.']],
  ['[breaker]\nfailures = 0', ['routing.toml, line 2: breaker.failures: Must be at least 1.']],
])('tells the mistake of %j', (text, expected) => {
  expect(problemsOf(text)).toEqual(expected);
});

test('the shipped file loads, and every rung it names is in the shipped catalogue with a price', () => {
  const { routing } = readRouting(SHIPPED, { shippedWhereAbsent: false });
  const catalogue = createCatalogue(readCatalogue(null), routing);
  expect([...routing.ladders.keys()]).toEqual(['default', 'scrum']);
  const scrum = routing.ladders.get('scrum')?.rungs ?? [];
  expect(scrum.map(({ role }) => role ?? '')).toEqual(['', '', '', '', '', 'final']);
  for (const { provider, model } of [...routing.ladders.values()].flatMap(({ rungs }) => rungs)) {
    const entry = catalogue.find(provider, model);
    expect(entry, `${provider}/${model}`).not.toBeNull();
    expect(entry?.billing === 'metered' && entry.prices === null, `${provider}/${model}`).toBe(false);
  }
  expect(routing.ceilings).toEqual([
    {
      name: 'all',
      when: {},
      per: [],
      limits: [{ unit: 'usd_hour', amount: 10_000_000_000 }],
      perRequestNanoUsd: null,
    },
  ]);
  for (const { provider } of routing.prefixes) {
    const known = catalogue.modelsOf(provider).length > 0 || provider === 'ollama';
    expect(known, provider).toBe(true);
  }
});

test('a home without the file runs on the shipped one, its ceiling included', () => {
  const read = readRouting(join(folder, 'routing.toml'), { shippedWhereAbsent: true });
  expect(read).toEqual({ ...readRouting(SHIPPED, { shippedWhereAbsent: false }), shipped: true });
  expect(read.routing.ceilings).toHaveLength(1);
});

test('a file that was asked for, and one that cannot be read, are refused', () => {
  const absent = () => readRouting(join(folder, 'other.toml'), { shippedWhereAbsent: false });
  expect(absent).toThrow(/other\.toml cannot be read.*models\.routing_file/);
  mkdirSync(join(folder, 'a-folder'));
  const folderRead = () => readRouting(join(folder, 'a-folder'), { shippedWhereAbsent: true });
  expect(folderRead).toThrow(/cannot be read/);
  const broken = join(folder, 'broken.toml');
  writeFileSync(broken, '[retries]\nmax_attempts = 0');
  expect(() => readRouting(broken, { shippedWhereAbsent: true })).toThrow(/broken\.toml, line 2/);
});

test('makes a ceiling of a rule’s own limit, and patterns only of what is written', () => {
  const { ceilings } = parse(`
[[rules]]
name = "cheap"
to = "p/m"
cost_ceiling_usd_per_hour = 2.5
[[ceilings]]
name = "agents"
when = { role = "agent", model = "kimi-*" }
per = ["identity", "task"]
usd_per_day = 0.1
usd_per_request = 0.000000001
tokens_per_hour = 5
requests_per_hour = 6
`);
  expect(ceilings).toEqual([
    {
      name: 'agents',
      when: { role: 'agent', model: 'kimi-*' },
      per: ['identity', 'task'],
      limits: [
        { unit: 'usd_day', amount: 100_000_000 },
        { unit: 'tokens_hour', amount: 5 },
        { unit: 'requests_hour', amount: 6 },
      ],
      perRequestNanoUsd: 1,
    },
    {
      name: 'rule:cheap',
      when: { rule: 'cheap' },
      per: [],
      limits: [{ unit: 'usd_hour', amount: 2_500_000_000 }],
      perRequestNanoUsd: null,
    },
  ]);
});

test('turns any dollars of nine decimals into billionths exactly', () => {
  fc.assert(
    fc.property(fc.nat(9_000), fc.nat(999_999_999), (dollars, nano) => {
      const text = `${dollars}.${String(nano).padStart(9, '0')}`;
      const [ceiling] = parse(`[[ceilings]]\nname = "a"\nusd_per_hour = ${text}`).ceilings;
      expect(ceiling?.limits).toEqual([{ unit: 'usd_hour', amount: dollars * 1_000_000_000 + nano }]);
    }),
    { numRuns: 500 },
  );
});

test('tries the longest prefix first', () => {
  const { prefixes } = parse('[prefixes]\n"gpt-" = "a"\n"gpt-4o-mini" = "b"\n"gpt-4o" = "c"');
  expect(prefixes.map(({ provider }) => provider)).toEqual(['b', 'c', 'a']);
});

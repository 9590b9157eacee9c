import { LakeError } from '../../../base/index.ts';
import { closestName } from '../../../config/index.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { ModelEntry } from '../catalogue/model-entry.ts';
import { modelsErrors } from '../errors.ts';
import type { FailureClass } from '../provider.ts';
import { mismatch } from './match-rule.ts';
import { resolveModel } from './resolve-model.ts';
import type { Consideration, RouteFacts } from './route-facts.ts';
import type { Ladder, RoutingTable } from './routing-table.ts';

/** A model that a request may be sent to. */
export interface Rung {
  readonly provider: string;
  /** By the provider's own name. */
  readonly model: string;
  readonly entry: ModelEntry;
  /** Most tokens of an answer: of the model, the rung and the client, the least. */
  readonly maxOutputTokens: number;
  /** The last of a ladder that was made for deep thinking. */
  readonly final: boolean;
}

/** Where a request goes, in order. At least one rung. */
export interface RoutePlan {
  /** The rule that decided; null where none did. */
  readonly rule: string | null;
  readonly ladder: string | null;
  readonly rungs: readonly Rung[];
  /** Failures after which the next rung is tried. */
  readonly fallbackOn: ReadonlySet<FailureClass>;
  readonly explanation: readonly Consideration[];
}

/** What a plan is made from. */
export interface PlanParts {
  readonly routing: RoutingTable;
  readonly catalogue: Catalogue;
  readonly providers: ReadonlySet<string>;
}

type Choice = Ladder & { readonly rule: string | null; readonly ladder: string | null };
type Refusal = 'no_provider' | keyof typeof REFUSALS;
type Judged = { readonly rung: Rung } | { readonly refusal: Refusal; readonly why: string };

const REFUSALS = {
  unknown_model: modelsErrors.unknown_model,
  no_price: modelsErrors.no_price,
  capability_missing: modelsErrors.capability_missing,
  context_too_long: modelsErrors.context_too_long,
} as const;

const DEFAULT_LADDER = 'default';

/** Why a request goes nowhere. What was considered is for those who may see the rules, not for the caller. */
export interface RouteRefusal {
  readonly refusal: LakeError;
  readonly explanation: readonly Consideration[];
}

/**
 * Decides where a request goes: the first rule that fits, else the ladder asked for, else what the model's name stands
 * for, else the ladder `default`. A rule decides also over a model named: it is the administrator's word. A rule whose
 * rungs cannot serve is a refusal, never the next rule. Rungs that cannot serve are left out. Refuses with
 * `models.no_provider`, `models.unknown_model`, `models.no_price`, `models.capability_missing` and
 * `models.context_too_long`.
 */
export function planRoute(facts: RouteFacts, parts: PlanParts): RoutePlan | RouteRefusal {
  const explanation: Consideration[] = [];
  const choice = choose(facts, parts, (one) => explanation.push(one));
  if ('refusal' in choice) return { refusal: choice.refusal, explanation };
  const judged = choice.rungs.map((rung) => ({ rung, judgement: judge(rung, facts, parts) }));
  for (const { rung, judgement } of judged) {
    const considered = `${rung.provider}/${rung.model}`;
    if ('rung' in judgement) explanation.push({ considered, outcome: 'chosen', why: served(judgement.rung) });
    else explanation.push({ considered, outcome: 'skipped', why: judgement.why });
  }
  const rungs = judged.flatMap(({ judgement }) => ('rung' in judgement ? [judgement.rung] : []));
  if (rungs.length > 0) {
    return { rule: choice.rule, ladder: choice.ladder, rungs, fallbackOn: choice.fallbackOn, explanation };
  }
  const refused = judged.flatMap(({ judgement }) => ('refusal' in judgement ? [judgement] : []));
  return { refusal: noRung(choice, refused, parts), explanation };
}

/** The refusal of a ladder without a rung that can serve: what stands in the way at a provider that is there counts most. */
function noRung(
  { ladder, rungs }: Choice,
  refused: readonly { refusal: Refusal; why: string }[],
  parts: PlanParts,
): LakeError {
  if (rungs.length === 0)
    return noProvider(`routing.toml has no ladder "${ladder?.slice(0, MAX_SHOWN)}"`, parts);
  for (const { refusal, why } of refused) {
    if (refusal === 'no_provider') continue;
    const code = REFUSALS[refusal];
    return new LakeError(code, { detail: `No model can take this request: ${why}. ${code.remedy}` });
  }
  return noProvider(absent(rungs.map(({ provider }) => provider)), parts);
}

function choose(
  facts: RouteFacts,
  parts: PlanParts,
  note: (one: Consideration) => void,
): Choice | { readonly refusal: LakeError } {
  for (const rule of parts.routing.rules) {
    const reason = mismatch(rule, facts);
    const considered = `rule "${rule.name}"`;
    if (reason !== null) {
      note({ considered, outcome: 'passed over', why: reason });
      continue;
    }
    note({ considered, outcome: 'chosen', why: 'it is the first that fits' });
    if (rule.ladder !== undefined) return { ...ladderOf(rule.ladder, parts), rule: rule.name };
    return { ...single(rule.to ?? ''), rule: rule.name };
  }
  if (facts.ladder !== null) {
    note({ considered: `ladder "${facts.ladder}"`, outcome: 'chosen', why: 'it was asked for' });
    return ladderOf(facts.ladder, parts);
  }
  if (facts.model === null) {
    note({ considered: `ladder "${DEFAULT_LADDER}"`, outcome: 'chosen', why: 'no model was named' });
    return ladderOf(DEFAULT_LADDER, parts);
  }
  const resolution = resolveModel(facts.model, { ...parts, note });
  if (resolution.kind === 'target') return single(`${resolution.target.provider}/${resolution.target.model}`);
  if (resolution.kind === 'ladder') return ladderOf(resolution.ladder, parts);
  if (parts.providers.size === 0) return { refusal: noProvider('no provider is configured', parts) };
  if (resolution.absentProvider !== null) {
    return { refusal: noProvider(absent([resolution.absentProvider]), parts) };
  }
  return { refusal: unknownModel(facts.model, parts) };
}

/** A ladder of the table. One that is not there has no rungs: only `default` and one a caller invents can be absent. */
function ladderOf(name: string, { routing }: PlanParts): Choice {
  const { rungs, fallbackOn } = routing.ladders.get(name) ?? { rungs: [], fallbackOn: new Set() };
  return { rungs, fallbackOn, rule: null, ladder: name };
}

/** `provider/model` as a ladder of one rung. */
function single(target: string): Choice {
  const slash = target.indexOf('/');
  const rung = { provider: target.slice(0, slash), model: target.slice(slash + 1) };
  return { rungs: [rung], fallbackOn: new Set(), rule: null, ladder: null };
}

function judge(rung: Ladder['rungs'][number], facts: RouteFacts, parts: PlanParts): Judged {
  const { provider, model } = rung;
  const name = `${provider}/${model}`;
  if (!parts.providers.has(provider)) {
    return { refusal: 'no_provider', why: absent([provider]) };
  }
  const entry = parts.catalogue.find(provider, model);
  if (entry === null) return { refusal: 'unknown_model', why: `no model "${name}" is known` };
  if (entry.billing === 'metered' && entry.prices === null) {
    return { refusal: 'no_price', why: `"${name}" is metered and its price is not known` };
  }
  const missing = [...facts.needs].filter((need) => !entry.capabilities.has(need));
  if (missing.length > 0) {
    return { refusal: 'capability_missing', why: `"${name}" lacks ${missing.join(', ')}` };
  }
  // Only what surely does not fit is refused here: the provider knows.
  const likely = facts.likelyInputTokens ?? facts.inputTokens;
  if (likely > entry.contextWindow) {
    const why = `about ${likely} tokens do not fit the ${entry.contextWindow} of "${name}"`;
    return { refusal: 'context_too_long', why };
  }
  const maxOutputTokens = Math.min(
    entry.maxOutputTokens,
    rung.max_output_tokens ?? entry.maxOutputTokens,
    facts.maxOutputTokens ?? entry.maxOutputTokens,
  );
  return { rung: { provider, model, entry, maxOutputTokens, final: rung.role === 'final' } };
}

function served({ entry, final }: Rung): string {
  return `it can serve the request and is billed ${entry.billing}${final ? '; it is the final rung' : ''}`;
}

/** Providers that a route needs and no administrator has named. */
function absent(providers: readonly string[]): string {
  const names = [...new Set(providers)];
  if (names.length === 1) return `the provider ${names[0]} is not configured`;
  return `none of the providers ${names.join(', ')} is configured`;
}

function noProvider(reason: string, { providers }: PlanParts): LakeError {
  const advice =
    providers.size === 0
      ? 'Add one to lakehouse.toml, for example:\n[models.providers.openai]\nkind = "openai-compatible"\napi_key_env = "OPENAI_API_KEY"'
      : 'Name a model or ladder of a provider that is configured, as `lakehouse models` lists them, or add the missing one to lakehouse.toml under [models.providers].';
  return new LakeError(modelsErrors.no_provider, {
    detail: `No model provider can take this request: ${reason}. ${advice}`,
  });
}

function unknownModel(name: string, parts: PlanParts): LakeError {
  const nearest = nearestModels(name, parts);
  const hint = nearest.length === 0 ? '' : ` Did you mean ${nearest.join(', ')}?`;
  return new LakeError(modelsErrors.unknown_model, {
    detail: `No configured provider has the model "${name.slice(0, MAX_SHOWN)}".${hint}`,
    data: { nearest },
  });
}

const MAX_SHOWN = 100;
const NEAREST = 3;
/** Edit distances cost; they are taken of the names that begin most like the one given. */
const COMPARED = 50;

function nearestModels(name: string, { catalogue, providers }: PlanParts): readonly string[] {
  const wanted = name.slice(0, MAX_SHOWN).toLowerCase();
  const ranked = [...providers]
    .flatMap((provider) => catalogue.modelsOf(provider).map((model) => ({ provider, model })))
    .map(({ provider, model }) => {
      const full = `${provider}/${model}`;
      return { full, model, shared: Math.max(sharedStart(full, wanted), sharedStart(model, wanted)) };
    })
    .filter(({ shared }) => shared >= 3)
    .toSorted((a, b) => b.shared - a.shared)
    .slice(0, COMPARED);
  const closest = closestName(
    wanted,
    ranked.flatMap(({ full, model }) => [model, full]),
  );
  const first = ranked.find(({ full, model }) => model === closest || full === closest)?.full;
  return [...new Set([...(first === undefined ? [] : [first]), ...ranked.map(({ full }) => full)])].slice(
    0,
    NEAREST,
  );
}

function sharedStart(candidate: string, wanted: string): number {
  const lower = candidate.toLowerCase();
  let length = 0;
  while (length < wanted.length && lower[length] === wanted[length]) length++;
  return length;
}

/**
 * One mutant per enforcement step: the step taken out of the source when it is loaded. No switch for this ships. Each
 * must be caught by a probe; `find` must stand in the file exactly once, so that a mutant cannot go stale unseen.
 */
export interface Mutant {
  readonly step: string;
  /** The probe that is there for this step: another one that fails says nothing about it. */
  readonly caughtBy: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export const mutants: readonly Mutant[] = [
  {
    step: 'identify: any caller is the administrator',
    caughtBy: 'no key',
    file: 'src/door/steps/identify.ts',
    find: 'return new Identified(call, operation, await access.identify(call.credentials));',
    replace: "return new Identified(call, operation, { ...ANONYMOUS, name: 'admin', role: 'admin' });",
  },
  {
    step: 'validate: input is taken as it comes',
    caughtBy: 'unknown field refused',
    file: 'src/door/steps/validate.ts',
    find: 'operation.input.safeParse(call.input, { error: inputMistake })',
    replace:
      '((parsed) => (parsed.success ? parsed : { ...parsed, success: true, data: call.input }))(operation.input.safeParse(call.input, { error: inputMistake }) as { success: boolean; data: unknown; error: { issues: { path: string[]; message: string }[] } })',
  },
  {
    step: 'authorise: a refused demand passes',
    caughtBy: 'no grant',
    file: 'src/door/steps/authorise.ts',
    find: 'if (!answer.allowed) throw refusal(demand, answer);',
    replace: 'if (!answer.allowed) return { demand, authorisation: null };',
  },
  {
    step: 'authorise: masks and filters of the decision are dropped',
    caughtBy: 'masked',
    file: 'src/door/scope-parts.ts',
    find: 'authorisation.decision] as const',
    replace: '{ ...authorisation.decision, masks: new Map(), rowFilters: [] }] as const',
  },
  {
    step: 'truth before: rules are not evaluated',
    caughtBy: 'truth before',
    file: 'src/door/steps/judge.ts',
    find: "return new Judged(grant, judge(truth, request, 'before', rule.context(request.input, resolved)));",
    replace: 'return new Judged(grant, []);',
  },
  {
    step: 'truth after: rules are not evaluated',
    caughtBy: 'truth after',
    file: 'src/door/steps/judge.ts',
    find: "...judge(truth, request, 'after', context, extent)",
    replace: '',
  },
  {
    step: 'audit: a read runs without its row',
    caughtBy: 'audited, opened and closed',
    file: 'src/door/steps/audit.ts',
    find: 'pending.opensWith(recording(pending, pending.opening()));',
    replace: 'pending.opened();',
  },
  {
    step: 'audit: a row is never closed',
    caughtBy: 'audited, opened and closed',
    file: 'src/door/steps/audit.ts',
    find: 'await recording(audited, [...audited.opening(), ...due, closing(auditId, startedMs, result)]);',
    replace: '',
  },
  {
    step: 'audit: a refusal leaves no row',
    caughtBy: 'refusal audited',
    file: 'src/door/create-door.ts',
    find: 'if (!streaming) await auditor.refused(came, startedMs, reason).catch(unlessUnknown(reason));',
    replace: '',
  },
  {
    step: 'journal: a mutation commits without its event',
    caughtBy: 'journaled',
    file: 'src/door/run-mutation.ts',
    find: '...(event?.statements ?? []),',
    replace: '',
  },
  {
    step: 'journal: a mutation commits without its audit row',
    caughtBy: 'audited, opened and closed',
    file: 'src/door/run-mutation.ts',
    find: "...parts.auditor.whole(parts.judged, parts.startedMs, marks, { status: 'ok', code: null, rowCount }),",
    replace: '',
  },
  {
    step: 'idempotency: the answer is not remembered',
    caughtBy: 'replay: same answer',
    file: 'src/door/run-mutation.ts',
    find: '...remember(toldAgain),',
    replace: '',
  },
  {
    step: 'idempotency: another content replays the answer',
    caughtBy: 'other fields refused',
    file: 'src/door/replay.ts',
    find: 'if (remembered.fingerprint !== fingerprintOf(request.input, await body.digest())) {',
    replace: 'if (remembered.fingerprint === "") {',
  },
  {
    step: 'idempotency: a replay shows the secret again',
    caughtBy: 'replay: no secret',
    file: 'src/door/run-mutation.ts',
    find: 'replayOutput === undefined ? told :',
    replace: 'replayOutput !== null ? told :',
  },
  {
    step: 'idempotency: a replay is told in the order of the operation, not of its schema',
    caughtBy: 'replay: same answer',
    file: 'src/door/run-mutation.ts',
    find: '...remember(toldAgain),',
    replace: '...remember({ ...toldAgain, value: (replayOutput ?? attempt.output)(eventId) }),',
  },
  {
    step: 'idempotency: a replay lacks the headers of the answer',
    caughtBy: 'replay: same answer',
    file: 'src/door/replay.ts',
    find: "return { kind: 'value', status, headers, value, replayed: true, identity };",
    replace: "return { kind: 'value', status, headers: {}, value, replayed: true, identity };",
  },
  {
    step: 'idempotency: two requests run under one key',
    caughtBy: 'in flight: once',
    file: 'src/door/idempotency.ts',
    find: 'if (inFlight.has(held)) {',
    replace: 'if (held === "") {',
  },
  {
    step: 'authorise: every tool is granted to everyone',
    caughtBy: 'no grant',
    file: 'src/govern/access/authorise-demand.ts',
    find: 'return demand.roles !== null && mayUseTool(identity, demand.roles)',
    replace: 'return identity.name.length > 0',
  },
  {
    step: 'tools: arguments are bound as they come',
    caughtBy: 'arguments judged',
    file: 'src/ai/tools/operations/call-tool.ts',
    find: 'judged: tool.judge(input.arguments)',
    replace: 'judged: { ok: true, values: input.arguments } as JudgedArguments',
  },
  {
    step: 'mcp: a message is answered without the door',
    caughtBy: 'wrong key',
    file: 'src/gateway/mcp/mcp-endpoint.ts',
    find: 'if (!caller.hasReached()) await caller.invoke(SESSION_OPERATION, {});',
    replace: '',
  },
  {
    step: 'mcp: a call comes by another door’s name',
    caughtBy: 'audited, closed, by its door',
    file: 'src/gateway/mcp/message-caller.ts',
    find: "door: 'mcp'",
    replace: "door: 'http'",
  },
  {
    step: 'lifetime: a revoked key keeps its stream',
    caughtBy: 'revoked mid-stream',
    file: 'src/door/lifetime.ts',
    find: 'const unsubscribe = access.onRevoked(identity, () =>\n    stop(',
    replace: 'const unsubscribe = access.onRevoked(identity, () =>\n    ((_: LakeError) => undefined)(',
  },
  {
    step: 'models: a hold is not committed',
    caughtBy: 'held before the provider is asked',
    file: 'src/door/purse.ts',
    find: '        ...hold.statements,\n',
    replace: '',
  },
  {
    step: 'models: the audit row is not opened with the hold',
    caughtBy: 'audited before the provider is asked',
    file: 'src/door/purse.ts',
    find: '        ...audited.opening(),\n',
    replace: '',
  },
  {
    step: 'models: a settlement is dropped',
    caughtBy: 'call settled',
    file: 'src/door/purse.ts',
    find: 'return [...budget.settle(hold, result), ...event.statements];',
    replace: 'return [...event.statements];',
  },
  {
    step: 'models: the event of a call is dropped',
    caughtBy: 'call journaled',
    file: 'src/door/purse.ts',
    find: 'return [...budget.settle(hold, result), ...event.statements];',
    replace: 'return [...budget.settle(hold, result)];',
  },
  {
    step: 'models: a window takes what does not fit',
    caughtBy: 'ceiling holds',
    file: 'src/govern/budget/budget-statements.ts',
    find: 'const room = window.limit - window.amount;',
    replace: 'const room = Number.MAX_SAFE_INTEGER;',
  },
  {
    step: 'models: a demand for a model passes',
    caughtBy: 'no grant',
    file: 'src/govern/access/authorise-demand.ts',
    find: 'return mayUseModel(policy, identity, demand.model)',
    replace: 'return true',
  },
  {
    step: 'models: a provider takes a spending that was used',
    caughtBy: 'a spending is good for one call',
    file: 'src/ai/aibridge/providers/openai-compatible/openai-compatible-provider.ts',
    find: '  async chat(spending: Spending, call: ChatCall): Promise<ChatReply> {\n    Spending.use(spending);\n',
    replace: '  async chat(spending: Spending, call: ChatCall): Promise<ChatReply> {\n',
  },
  {
    step: 'models: the whole of a stream is not judged',
    caughtBy: 'whole answer judged',
    file: 'src/door/release-judged.ts',
    find: "      judge(chunk.judge.context, 'whole', () => Buffer.concat(held));\n",
    replace: '',
  },
  {
    step: 'models: pieces of a stream are not judged',
    caughtBy: 'pieces judged before they leave',
    file: 'src/door/release-judged.ts',
    find: "    else if (extent === 'piece') judge(chunk.judge.context, 'piece', () => Buffer.concat(held));\n",
    replace: '',
  },
  {
    step: 'models: nothing of a stream is held back',
    caughtBy: 'pieces judged before they leave',
    file: 'src/ai/aibridge/judged-answer.ts',
    find: 'export const HOLDBACK_CHARACTERS = 128;',
    replace: 'export const HOLDBACK_CHARACTERS = 0;',
  },
  {
    step: 'models: rules over a text hold back no more than those over personal data',
    caughtBy: 'pieces judged before they leave',
    file: 'src/ai/aibridge/answer-context.ts',
    find: "return (text, which) => (readsText && which === 'open' ? 0 : personalData.openFrom(text, which));",
    replace: 'return (text, which) => personalData.openFrom(text, which);',
  },
];

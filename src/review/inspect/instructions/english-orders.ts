/** How a pattern meets a text: word by word, or with everything between the letters taken out. */
export interface WordPattern {
  readonly apart: RegExp;
  readonly together: RegExp;
}

/** In a source a space is the border of two words. */
function wordPattern(source: string): WordPattern {
  return {
    apart: new RegExp(`(?<![a-z0-9])(?:${source})(?![a-z0-9])`),
    together: new RegExp(source.replaceAll(' ', '')),
  };
}

const any = (words: string) =>
  `(?:${words
    .trim()
    .split(/\s*\/\s*/)
    .join('|')})`;
const some = (words: string, most: number) => `(?: ${any(words)}){0,${most}}`;

const SMALL_WORDS =
  'all/any/the/your/my/our/these/those/every/each/of/is/as/to/be/a/an/at/it/this/that/and/you/were/was/given/so/far/now/please/just/only/other';
const EARLIER = 'previous/prior/earlier/above/preceding/existing/foregoing/original/system/review/your';
const FORGET = any(
  'ignore/ignoring/disregard/disregarding/forget/forgetting/override/overriding/bypass/neglect/supersede/supersedes/discard/drop/skip/set aside/put aside/leave aside',
);
const GUIDANCE = any(
  'instructions?/prompts?/guidelines?/guidance/directions?/rubrics?/briefing/review criteria/scoring criteria',
);
const DEFECTS = any(
  'findings?/failures?/defects?/issues?/bugs?/vulnerability/vulnerabilities/problems?/weakness/weaknesses/objections?/faults?/flaws?/concerns?',
);
const READER = `(?:${any('ai/code/automated/human/expert/senior/security/llm')} ){0,3}${any(
  'reviewers?/language models?/llms?/ai models?/ai agents?/ai assistants?/assistants?/graders?/auditors?/chatbots?',
)}`;
const JUDGES = any(
  'approve/accept/rate/score/grade/report/mark/ignore/skip/give/award/assign/treat/consider/conclude/return/answer/respond/say/pass/flag/list/mention/praise/overlook',
);
const FILE = any('file/code/module/component/source/class/function/implementation/package');
const THIS = `(?:this(?: ${FILE})?|the(?: (?:whole|entire))? ${FILE}|it|everything(?: in this ${FILE})?)`;
const GOOD = any(
  'safe/sound/correct/clean/compliant/flawless/perfect/secure/excellent/faultless/production ready/free of defects/free of faults/free of errors/free of issues',
);
const MARK = '(?:score|rating|marks?|grade|points)';
const TOP_MARK = `(?:${any('full/top/perfect/highest/maximum/best')}(?: possible)? ${MARK})`;
const GIVE = any(
  'give/gives/giving/award/awards/awarding/assign/assigns/grant/grants/deserves?/merits?/earns?',
);

/** What no program says by its names alone. */
export const ORDERS: readonly WordPattern[] = [
  `${FORGET}${some(SMALL_WORDS, 6)} ${any(EARLIER)}${some(SMALL_WORDS, 4)} (?:${GUIDANCE}|${any('rules?/orders?/directives?/criteria')})`,
  `${FORGET}${some(SMALL_WORDS, 6)} ${any('previous/prior/earlier/above/preceding')}${some(SMALL_WORDS, 4)} ${any('messages?/text/context')}`,
  `${FORGET} ${any('all/any/the/your/these/those/every')}${some(SMALL_WORDS, 6)} ${GUIDANCE}`,
  `${any('note/notice/message/instructions?/memo')} ${any('to/for')}${some('all/any/the/our/an', 2)} ${READER}`,
  `(?:${any('system override/new system prompt/developer mode enabled/jailbreak mode')}|${any('dan/sudo/god')} mode ${any('enabled/on/active')})`,
  `end of(?: the)? ${any('reviewed/untrusted/hostile')} ${any('file/data/text/input/content/code')}`,
  `${GIVE}${some(`${SMALL_WORDS}/file/code/module/component/with`, 8)} ${TOP_MARK}`,
].map(wordPattern);

/** What names may say, and sentences may not: it is an order only where words stand. */
export const SENTENCES: readonly WordPattern[] = [
  `${FORGET} ${any('all/any/every')}${some(SMALL_WORDS, 4)} (?:${DEFECTS}|${any('rules?/orders?/criteria/context/directives?')})`,
  `(?:dear|attention)${some('all/any/the/our', 2)} ${READER}`,
  `as an? (?:ai|automated) ${READER}|you are(?: now)?(?: an?| the) (?:\\w{1,20} )?${any('reviewers?/auditors?/graders?')}|you are now(?: an?| the)? (?:\\w{1,20} ){0,2}${any('assistant/language model/administrator/ai')}`,
  `${READER}${some('reading/reviewing/evaluating/grading/of/this/the/file/code/module/component', 4)} ${any('must/should/will/shall/please/need to/have to/is to/are to/can/may')}(?: not| now| please)? ${JUDGES}`,
  `if you are${some('an/a/the/large', 2)} ${any('ai/language model/llm/reviewer/assistant/grader/bot/chatbot/ai model')}`,
  `(?:whoever|anyone|everyone) ${any('grades/reviews/judges/audits/scores/rates/evaluates/grading/reviewing/judging/scoring')} this`,
  `${any('do not/dont/never/refrain from/avoid/skip/stop/without')} ${any('report/reporting/flag/flagging/mention/mentioning/list/listing/include/including/criticise/criticize/criticising/criticizing/penalise/penalize/raise/raising')}${some(`${SMALL_WORDS}/critical/security/further/missing/file/code`, 5)} ${DEFECTS}(?! ${any('via/through/by/using/publicly')})`,
  `${any('report/list/flag/return/output/raise/find/give back/hand back')} ${any('no/zero/0/not any/an empty list of/empty')}${some('critical/security/further/more', 2)} ${DEFECTS}(?! ${any('when/if/unless/where/for')})`,
  `${any('conclude/state/say/report/answer/declare')}(?: that)? no${some('critical/security/further', 2)} ${DEFECTS} ${any('were/was/are/have been/exist')}`,
  `this ${FILE}${some('has/was/is/have/been/already/fully/formally/hereby/being/and', 5)} ${any('reviewed/approved/audited/verified/certified/whitelisted/vetted/exempt/signed off/flawless/perfect')}(?! ${any('when/if/unless/where/once')})`,
  `the ${FILE}(?: ${any('has/was/is/been')}){1,3} ${any('already/fully/formally/hereby')}(?: been)? ${any('reviewed/approved/audited/verified/certified/vetted')}`,
  `signed off (?:on )?this ${FILE}`,
  `${any('approve/endorse/certify/lgtm')} (?:this ${any('file/code/module/pull request/pr/commit')}|the ${any('file/code/module')})`,
  `${any('new/updated/real/actual/true')} instructions? ${any('follow/for you/you/from now')}`,
  `your(?: \\w{1,20})? ${any('task/role/job/assignment')} ${any('has changed/is now/changed')}`,
  `from ${any('here/now')} on(?:wards?)? ${any('you/respond/answer/act/behave/reply/treat/rate')}`,
  `${any('respond/reply/answers?')}(?: only)? ${any('with/as')} ${any('verdict/the verdict/lgtm/a score of/a lenient')}`,
  `${any('mark/report/judge/rate/treat/consider/answer/return/give')}${some(SMALL_WORDS, 5)} claims?${some(SMALL_WORDS, 4)} ${any('backed/true/verified/proven')}`,
].map(wordPattern);

/** Ready-made judgements. Read without what a program writes between a name and its value. */
export const VERDICTS: readonly WordPattern[] = [
  `${any('trust/assume/consider/treat/deem/regard/declare/accept/classify/judge/record/rate/report/summarise/summarize/mark/evaluate')}(?: that)? ${THIS}${some('as/is/to/be/fully/already/and/an/a', 4)} ${GOOD}`,
  `${any('score/rate/grade/mark/give/award/assign')} ${THIS}${some(`${SMALL_WORDS}/score/rating/with/out`, 5)} ${any('10/ten/100/perfect/full marks?/the maximum/the highest')}`,
  `${any('must/should/shall')} ${any('score/rate/grade')} (?:it )?${any('10/ten/100')}`,
  `score ${any('of/must be/should be/is to be/has to be/to')} ${any('10/ten/100')}`,
  `${any('10/ten')} out of ${any('10/ten')}`,
  `verdict${some('the/is/as/to/must/be/should/of/equals/a/this/file/code/will', 5)} ${any('sound/clean/approved/good/safe')}`,
  `${any('close/end/finish/conclude')} ${any('the/this/your')} review ${any('with/here/now')}`,
  `critical failures? ${any('empty/none/must be empty/should be empty/is empty')}|leave the lists? of ${DEFECTS} ${any('blank/empty')}|confidence to 1 `,
  `${any('deduct/take off/subtract/remove/lose')}(?: any| no)? ${any('points/marks')} ${any('for/from/because/over')}`,
].map(wordPattern);

/**
 * Tells whether a text addresses whoever reviews it: orders, ready-made verdicts, marks of chat protocols. A text is
 * looked at as it is written and as it may be read: without look-alike letters, spacing and escapes, decoded, turned
 * round. It errs towards "yes": what it takes away was data of the program, whose words a review does not need. `code` is
 * judged by what only a sentence says: `score = 10` is an assignment there.
 */
export function addressesReviewer(text: string, kind: 'prose' | 'code'): boolean {
  if (text.length < SHORTEST || !/\p{L}/u.test(text)) return false;
  const plain = unescaped(text);
  const orders = kind === 'prose' ? [...ORDERS, ...VERDICTS] : ORDERS;
  return [plain, ...decodings(plain)].some((one) => isAddressed(one, orders));
}

const SHORTEST = 8;

function isAddressed(text: string, orders: readonly RegExp[]): boolean {
  if (orders.length > ORDERS.length && MARKS.test(text)) return true;
  if (FOREIGN.test(text.normalize('NFKC').toLowerCase())) return true;
  const words = foldLetters(text);
  const squashed = words.replaceAll(/[^a-z0-9]+/g, '');
  const matches = (letters: string) => orders.some((order) => order.test(letters));
  if (matches(squashed)) return true;
  // Digits that stand for letters, where a word holds both.
  if (/[a-z][013457@$]|[013457@$][a-z]/.test(words) && matches(fromDigits(words))) return true;
  return matches(rotated(squashed)) || matches([...squashed].reverse().join(''));
}

const FILLER =
  '(?:all|any|the|your|my|our|these|those|every|each|of|is|as|to|must|be|should|a|an|at|it|this|that|and|you|were|was|given|so|far|now|please|just|only){0,12}';
/** What no program says by its names alone. */
const ORDERS: readonly RegExp[] = [
  `(?:ignor|disregard|forget|overrid|bypass|neglect|supersed|dropp?)(?:e|ing)?${FILLER}(?:previous|prior|earlier|above|preceding|existing|foregoing|original|system|review|other)?${FILLER}(?:instruction|prompt|rule|guideline|direction|directive|criteria|rubric|context|order|finding|failure|defect|issue|problem|everything|anything)`,
  `(?:previous|prior|earlier|above|system|new|updated|hidden|secret)(?:instruction|prompt|directive)s?`,
  `(?:asan?|youare|youre|actas|dear|hey|hello|hi|attention|note(?:to|for)|notice(?:to|for)|message(?:to|for)|instructions?(?:to|for)|fyi)(?:a|an|the|any|all|to|our|helpful|kind|expert|code|automated|ai|now){0,12}(?:reviewer|aireviewer|assistant|languagemodel|llm|aimodel|grader|judge|auditor|aiagent|chatbot|chatgpt|gpt|claude|gemini|copilot)`,
  `(?:reviewer|assistant|llm|languagemodel|grader|aiagent|aimodel)s?(?:must|should|will|shall|please|needto|haveto|isto|areto|may|canskip|ignore)`,
  `(?:donot|dont|never|refrainfrom|avoid|skip|stop)(?:report|flag|mention|list|includ|critici[sz]|complain|penali[sz])(?:e|es|ed|ing|about)?${FILLER}(?:critical|security|further|missing|this|file|code){0,12}(?:finding|failure|defect|issue|bug|vulnerab|problem|component|weakness|below|here|file|code)`,
  `(?:report|list|find|flag|return|output)(?:no|zero|0|noany|anempty)(?:critical|security)?(?:failure|finding|defect|issue|problem)`,
  `(?:this|the)(?:file|code|module|commit|change)(?:has|was|is|hasbeen|havebeen|been|already|fully|formally|hereby){1,12}(?:review|approv|audit|verif|certif|whitelist|vetted|exempt|sound|flawless|perfect)`,
  `(?:approve|endorse|certify|lgtm)(?:the|this|it)(?:file|code|change|module|commit|pullrequest|pr)?`,
  `(?:developer|debug|admin|maintenance|test|jailbreak|dan|sudo)mode(?:enabled|on|active|isnow|activated)`,
  `(?:end|close|begin|start)(?:of)?(?:the)?(?:reviewed|untrusted|userinput|hostile)(?:file|data|text|input|content|code)?`,
  `(?:reviewer|assistant)(?:instruction|override|directive|note|command)`,
  `(?:systemoverride|systemcommand|systemdirective)`,
].map((source) => new RegExp(source));

/** Judgements: sentences where words stand, assignments where code stands. */
const VERDICTS: readonly RegExp[] = [
  `(?:respond|reply|answer|output|return|emit|print|produce|write|say)(?:only|with|just|exactly|the|following|a|an|in|your|as|this|valid|back){0,12}(?:verdict|score|lgtm|approved|approval|sound|thefollowing(?:json|object|text|answer)|onlyjson)`,
  `(?:trust|assume|consider|treat|deem|regard|declare|call|mark|accept|classify|judge)(?:that|the|this|it|file|code|module|following|as|is|to|be|a|fully|already|entire|everything|all|below|above|here|contents?){0,12}(?:safe|sound|correct|clean|trusted|verified|approved|reviewed|compliant|flawless|perfect|secure)`,
  `(?:scor|rat|grad|mark)(?:e|es|ed|ing)?(?:the|this|file|code|module|of|is|as|to|must|be|should|at|a|an|it|equals|with|out|perfect|full|high|value|will|itself){0,12}(?:10|ten|100|perfect|fullmarks|maximum|maxscore|highest|sound)`,
  `(?:perfect|full|maximum|highest|top)(?:10|ten)?(?:score|rating|marks|grade)`,
  `(?:10|ten)(?:outof|of|over)(?:10|ten)`,
  `verdict(?:the|is|as|to|must|be|should|of|equals|a|this|file|code|will){0,12}(?:sound|clean|pass|approv|ok|good|safe|needswork|unsound)`,
  `endofreview`,
  `criticalfailures(?:empty|none|mustbe|shouldbe|isempty|0)`,
].map((source) => new RegExp(source));

/** Marks that only a chat protocol, or an answer of ours, has. */
const MARKS =
  /<\|?\s*(?:im_start|im_end|system|assistant|user|endoftext|eot_id|start_header_id|end_header_id)\s*\|?>|\[\/?INST\]|<<\/?SYS>>|<\/?(?:system|instructions?|assistant|think|reviewed[-_ ]?file)>|^\s{0,8}#{1,6}\s*(?:system|instructions?|human|assistant|verdict|score)\b|^\s{0,8}(?:system|assistant|human)\s*:\s|["']?verdict["']?\s*[:=]\s*["']?(?:sound|needs_work|unsound)|\bEND OF REVIEW\b/im;

/** The first order, in languages that models follow as well. Every repetition has an end, or long words would take quadratic time. */
const FOREIGN =
  /(?:ignor[ae]|ignorez|ignorad|olvid[ae]|omite)\s.{0,40}(?:instrucci|instruç|instructions|istruzion|consignes|indicaciones)|(?:ignorier|missacht|vergiss|vergess)\w{0,20}\s.{0,40}(?:anweisung|regel|vorgabe|prompt)|(?:忽略|无视|無視|忘记|不要理会).{0,20}(?:指令|指示|说明|提示|规则|命令|要求)|(?:игнорир|забуд|проигнорир)\S{0,20}\s.{0,40}(?:инструкц|указани|правил)|(?:이전|위의?).{0,12}(?:지시|명령).{0,12}무시|تجاهل.{0,30}(?:التعليمات|الأوامر)/su;

/** Letters that look like others, as those: Cyrillic, Greek, full width, styled; without marks and invisible ones. */
function foldLetters(text: string): string {
  return [...text.normalize('NFKD').toLowerCase()]
    .map((letter) => LOOK_ALIKES[letter] ?? letter)
    .join('')
    .replaceAll(/[\p{M}\p{Cf}\u{e0000}-\u{e007f}]+/gu, '');
}

const LOOK_ALIKES: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ['аɑα', 'a'],
    ['ьЬв', 'b'],
    ['сϲᴄ', 'c'],
    ['ԁ', 'd'],
    ['еєε', 'e'],
    ['ɡ', 'g'],
    ['һн', 'h'],
    ['іıι', 'i'],
    ['ј', 'j'],
    ['кκ', 'k'],
    ['ӏ', 'l'],
    ['м', 'm'],
    ['пո', 'n'],
    ['оοօσ', 'o'],
    ['рρ', 'p'],
    ['ԛ', 'q'],
    ['гг', 'r'],
    ['ѕ', 's'],
    ['тτ', 't'],
    ['υս', 'u'],
    ['ѵν', 'v'],
    ['ԝш', 'w'],
    ['хχ', 'x'],
    ['уγ', 'y'],
  ].flatMap(([from = '', to = '']) => [...from].map((letter) => [letter, to])),
);

const DIGITS: Readonly<Record<string, string>> = {
  0: 'o',
  1: 'i',
  3: 'e',
  4: 'a',
  5: 's',
  7: 't',
  '@': 'a',
  $: 's',
};

/** Digits read as the letters they resemble, in words that hold letters too; numbers stay numbers. */
function fromDigits(words: string): string {
  return words
    .split(/[^a-z0-9@$]+/)
    .map((word) =>
      /[a-z]/.test(word) ? word.replaceAll(/[013457@$]/g, (sign) => DIGITS[sign] ?? sign) : word,
    )
    .join('');
}

function rotated(squashed: string): string {
  return squashed.replaceAll(/[a-z]/g, (letter) =>
    String.fromCharCode(((letter.charCodeAt(0) - 97 + 13) % 26) + 97),
  );
}

/** The text with the escapes of programs, URLs and markup read. */
function unescaped(text: string): string {
  const character = (code: number) => (code <= 0x10ffff ? String.fromCodePoint(code) : ' ');
  return text
    .replaceAll(
      /\\u\{([0-9a-f]{1,6})\}|\\u([0-9a-f]{4})|\\x([0-9a-f]{2})|%([0-9a-f]{2})/gi,
      (_, a, b, c, d) => character(Number.parseInt(a ?? b ?? c ?? d, 16)),
    )
    .replaceAll(/&#x([0-9a-f]{1,6});/gi, (_, hex: string) => character(Number.parseInt(hex, 16)))
    .replaceAll(/&#(\d{1,7});/g, (_, digits: string) => character(Number(digits)))
    .replaceAll(/\\[nrt0]/g, ' ');
}

/** What runs of base64 or hex in the text say, where they say text. */
function decodings(text: string): readonly string[] {
  const hex = [...text.matchAll(/(?:[0-9a-f]{2}[\s:,]?){12,}/gi)].map(([run]) =>
    Buffer.from(run.replaceAll(/[^0-9a-f]/gi, ''), 'hex').toString('utf8'),
  );
  const base64 = [...text.matchAll(/[A-Za-z0-9+/_-]{16,}={0,2}/g)].map(([run]) =>
    Buffer.from(run, 'base64').toString('utf8'),
  );
  return [...hex, ...base64].filter((decoded) => /^[\p{L}\p{N}\p{P}\p{Zs}\s]{8,}$/u.test(decoded));
}

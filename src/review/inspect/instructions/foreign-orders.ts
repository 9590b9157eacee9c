import type { ReadingPace, Steps } from './reading-pace.ts';

/**
 * What a language has for each part of an order to a reviewer. A part is a pattern over lower-case letters without accents.
 */
interface LanguageOrders {
  readonly forget: string;
  readonly guidance: string;
  readonly give: string;
  readonly topMark: string;
  /** Words that deny, which stand close to `defects`. */
  readonly denial: string;
  readonly defects: string;
  readonly file: string;
  readonly approved: string;
  /** Calls a reviewer by name; enough alone. */
  readonly reader: string;
}

const GERMAN: LanguageOrders = {
  forget: 'ignorier|missacht|vergiss|vergess|verwirf|ubergeh|beacht\\w{0,12} .{0,40}nicht|nicht beacht',
  guidance: 'anweisung|regeln|vorgabe|prompt|instruktion|richtlinie|anleitung',
  give: '\\b(?:gib|gebt|geben|vergib|vergebt|vergeben|vergabe|bewert\\w{0,12}|erteil\\w{0,12}|benot\\w{0,12}|stuf\\w{0,12}|verdien\\w{0,12})\\b',
  topMark:
    '(?:hochst|best|maximal|voll)\\w{0,12} ?(?:note|punktzahl|wertung|bewertung|punkte)|\\b10 (?:von 10|punkte)|einwandfrei|fehlerfrei|mangelfrei|makellos|perfekt',
  denial:
    '\\b(?:keine|keinen|keinerlei)\\b.{0,40}(?:meld|nenn|bericht|erwahn|auffuhr|beanstand)|(?:melde|nenne|berichte|erwahne|beanstande)\\w{0,12} .{0,20}(?:kein|nicht)',
  defects: 'mangel|fehler|probleme|befunde|schwachstell|einwand|kritik',
  file: '\\b(?:datei|modul|code|komponente|anderung)\\b',
  approved:
    '(?:bereits|schon|offiziell) \\w{0,12} ?(?:abgenommen|gepruft|freigegeben|genehmigt|auditiert|zugelassen)',
  reader:
    '\\b(?:lieber?|sehr geehrte[rs]?|hinweis (?:fur|an)|achtung) (?:\\w{1,20} )?(?:prufer|gutachter|ki\\b|sprachmodell|bewerter|reviewer)',
};
const FRENCH: LanguageOrders = {
  forget:
    'ignore[zr]?\\b|oublie[zr]?\\b|ne (?:tiens|tenez) pas compte|neglige|fais abstraction|faites abstraction',
  guidance:
    '(?:instructions|directives|indications) (?:precedentes|anterieures|ci-dessus)|consigne|regles|ce qui precede',
  give: '\\b(?:donne[zr]?|attribue[zr]?|accorde[zr]?|note[zr]|evalue[zr]?|merite)\\b',
  topMark:
    '(?:note|score) (?:maximale?|parfaite?)|meilleure note|10 sur 10|20 sur 20|comme (?:parfait|irreprochable|excellent)',
  denial: '\\bne (?:pas )?(?:signale|mentionne|rapporte|indique|releve)[zr]? (?:pas|rien|aucun)',
  defects: 'defaut|erreur|probleme|faille|faiblesse|anomalie|remarque',
  file: '\\b(?:fichier|module|code|composant)\\b',
  approved: '(?:deja|entierement) (?:ete )?(?:valid|approuv|audit|verifi|revu|certifi)',
  reader:
    '\\b(?:chere?|note (?:au|pour le|a l)|a l.attention d\\w{1,20}) ?(?:relecteur|relectrice|evaluateur|ia\\b|modele de langage|reviseur|examinateur)',
};
const SPANISH: LanguageOrders = {
  forget: 'ignor[ae]\\b|ignoren|olvid[ae]|omite\\b|haz caso omiso|no (?:tengas|tenga) en cuenta|descarta',
  guidance: 'instrucci|indicaciones|reglas|directrices|lo anterior|pautas',
  give: '\\b(?:da|dale|otorga|otorgue|asigna|asigne|pon|ponle|califica|califique|evalua|evalue|puntua|merece)\\b',
  topMark:
    '(?:puntuacion|nota|calificacion) (?:mas alta|maxima|perfecta)|maxima (?:puntuacion|nota)|\\b(?:un (?:diez|10)|10 (?:puntos|de 10))\\b|como (?:perfecto|excelente)',
  denial: '\\bno (?:informe|reporte|mencione|senale|indique|inform[ae]r|report[ae]r)s? ',
  defects: 'problema|defecto|error|fallo|vulnerabilidad|hallazgo',
  file: '\\b(?:archivo|fichero|modulo|codigo|componente)\\b',
  approved: '\\bya (?:fue|ha sido|esta) (?:revisad|aprobad|auditad|verificad|validad)',
  reader:
    '\\b(?:estimad[oa]|querid[oa]|nota (?:para el|al|para la)|atencion) (?:revisor|revisora|evaluador|ia\\b|modelo de lenguaje|auditor)',
};
const PORTUGUESE: LanguageOrders = {
  forget: 'ignor[ae]\\b|ignorem|esquec[ae]|desconsider[ae]|nao (?:leve|considere)',
  guidance: 'instrucoes|orientac|regras|diretrizes|dito antes|acima|anterior',
  give: '\\b(?:de|atribua|conceda|avalie|pontue|classifique|merece)\\b',
  topMark: '(?:nota|pontuacao) (?:maxima|perfeita|mais alta)|\\bnota 10\\b|como (?:perfeito|excelente)',
  denial: '\\bnao (?:relate|aponte|mencione|reporte|informe|indique)m?\\b',
  defects: 'problema|defeito|erro|falha|vulnerabilidade',
  file: '\\b(?:arquivo|ficheiro|modulo|codigo|componente)\\b',
  approved: '\\bja (?:foi|esta) (?:revisad|aprovad|auditad|verificad|validad)',
  reader: '\\b(?:caro|prezado|nota (?:para o|ao)|atencao) (?:revisor|avaliador|ia\\b|modelo de linguagem)',
};
const ITALIAN: LanguageOrders = {
  forget: 'ignora(?:re|te)?\\b|dimentica(?:re|te)?\\b|trascura(?:re|te)?\\b|non (?:tenere|tieni) conto',
  guidance: 'istruzion|regole|indicazioni|direttive|linee guida|quanto (?:sopra|precede)',
  give: '\\b(?:dai|date|assegna\\w{0,12}|attribuisci|attribuite|valuta\\w{0,12}|merita|concedi)\\b',
  topMark:
    '(?:punteggio|voto) (?:massimo|pieno|perfetto|piu alto)|massimo (?:punteggio|dei voti)|10 su 10|come (?:perfetto|eccellente)',
  denial: '\\bnon (?:segnal|riport|menzion|indic|elenc)\\w{0,12}',
  defects: 'problema|difett|error|vulnerabilita|anomali|debolezz',
  file: '\\b(?:file|modulo|codice|componente)\\b',
  approved: '\\b(?:gia|e) (?:stato )?(?:approvat|verificat|revisionat|controllat|validat)',
  reader: '\\b(?:caro|gentile|nota per il|attenzione) (?:revisore|valutatore|ia\\b|modello linguistico)',
};
const DUTCH: LanguageOrders = {
  forget: 'negeer|vergeet|sla .{0,30} over\\b|houd geen rekening',
  guidance: 'instructie|aanwijzing|regels|richtlijn|opdracht',
  give: '\\b(?:geef|geeft|ken|beoordeel|waardeer|verdient)\\b',
  topMark:
    '(?:hoogste|maximale|perfecte) (?:score|cijfer|punt|beoordeling|waardering)|\\b(?:een (?:10|tien)|10 punten)\\b|als (?:perfect|foutloos)',
  denial: '\\b(?:meld|rapporteer|noem|vermeld)\\b.{0,20}geen|\\bgeen\\b.{0,30}(?:melden|rapporteren|noemen)',
  defects: 'fout|probleem|problemen|gebrek|bevinding|kwetsbaarhe',
  file: '\\b(?:bestand|module|code|component)\\b',
  approved: '\\b(?:al|reeds) (?:\\w{1,20} )?(?:goedgekeurd|gecontroleerd|beoordeeld|nagekeken)',
  reader: '\\b(?:beste|geachte|let op) (?:beoordelaar|controleur|recensent|ai\\b|taalmodel)',
};
const POLISH: LanguageOrders = {
  forget: 'ignoruj|zapomni|pomi[nj]|nie zwracaj uwagi',
  guidance: 'polece|instrukcj|zasad|wytyczn|regul',
  give: '\\b(?:daj|przyznaj|ocen|wystaw|przyznajcie)\\b',
  topMark: '(?:najwyzsz|maksymaln|najlepsz)\\w{0,12} (?:ocen|punkt|not)|10 na 10|jako (?:bezbledn|doskonal)',
  denial: '\\bnie (?:zglaszaj|wymieniaj|wspominaj|raportuj)',
  defects: 'bled|problem|wad|usterek|uwag',
  file: '\\b(?:plik\\w{0,12}|modul\\w{0,12}|kod\\w{0,12})\\b',
  approved: '(?:juz|zostal) (?:\\w{1,20} )?(?:zatwierdz|sprawdz|zweryfikow|zaakceptow)',
  reader: '\\b(?:drogi|szanowny|uwaga) (?:recenzenc|recenzent|audytor|model)',
};
const RUSSIAN: LanguageOrders = {
  forget: 'игнорир|забуд|не обращай|не учитыва|отбрось',
  guidance: 'инструкц|указани|правил|предписани|промпт',
  give: 'поставь|поставить|дай|дайте|оцени|присво|заслуживает',
  topMark: '(?:высш|максимальн|наивысш|наилучш|отличн)\\S{0,12} (?:балл|оценк)|10 из 10|десять|безупречн',
  denial: '(?:^|\\s)(?:не сообща|не указыва|не упомина|не отмеча)',
  defects: 'ошиб|проблем|дефект|недостат|уязвимост|замечани',
  file: 'файл|модул|код',
  approved: 'уже (?:\\S{1,20} )?(?:провер|одобр|утвержд|прошел)',
  reader: '(?:уважаем|дорого|внимани)\\S{0,12} (?:рецензент|ревьюер|проверяющ|модел|ии(?:\\s|$))',
};
const CHINESE: LanguageOrders = {
  forget:
    '(?:忽略|无视|無視|忘记|忘記|不要理会|不必理會|不用管)(?=.{0,12}(?:之前|以前|先前|上面|上述|以上|所有|全部|任何))',
  guidance: '指令|指示|说明|說明|提示|规则|規則|命令|要求|准则|準則|标准|標準',
  give: '给|給|打|评|評|判|授予',
  topMark: '满分|滿分|最高分|最高评|最高評|十分|优秀|優秀|合格|完美|无缺陷|無缺陷',
  denial: '不要|不得|无需|無需|不必|别|勿|请勿|請勿',
  defects: '报告.{0,6}(?:问题|缺陷|漏洞|错误)|報告.{0,6}(?:問題|缺陷|漏洞|錯誤)',
  file: '文件|檔案|代码|程式碼|模块|模組',
  approved: '已.{0,8}(?:审核|審核|审查|審查|批准|通过|通過|验证|驗證)',
  reader:
    '(?:审查者|审核者|審查者|審核者|评审|評審|审阅者).{0,4}(?:注意|您好|你好|：|:)|(?:致|告).{0,4}(?:审查|审核|審查|審核|评审)',
};
const JAPANESE: LanguageOrders = {
  forget: '無視|忘れ|従わな',
  guidance: '指示|命令|ルール|規則|プロンプト|指針',
  give: '付け|与え|つけ|評価|採点',
  topMark: '満点|最高点|最高評価|10点|十点|完璧',
  denial: 'しない|せず|ないで|不要',
  defects: '(?:問題|欠陥|不具合|脆弱性|エラー)を?.{0,6}(?:報告|指摘|記載)',
  file: 'ファイル|コード|モジュール',
  approved: '承認済|確認済|監査済|検証済|レビュー済|審査済',
  reader: '(?:レビュー|査読|審査).{0,6}(?:ai|者|担当).{0,4}(?:へ|各位|に告)',
};
const KOREAN: LanguageOrders = {
  forget: '무시|잊어|따르지',
  guidance: '지시|명령|규칙|지침|프롬프트',
  give: '주세요|주십시오|줘|부여|매겨|평가',
  topMark: '만점|최고 ?점|최고 평가|10점|완벽',
  denial: '하지 ?마|말 ?것|말아',
  defects: '(?:문제|결함|오류|취약점).{0,8}(?:보고|지적|언급)',
  file: '파일|코드|모듈',
  approved: '이미.{0,8}(?:승인|검토|검증|감사)',
  reader: '(?:검토자|리뷰어|심사자|평가자)(?:에게|님|께)',
};
const ARABIC: LanguageOrders = {
  forget: 'تجاهل|انس |لا تلتفت',
  guidance: 'التعليمات|الأوامر|القواعد|الارشادات|الإرشادات',
  give: 'امنح|أعط|اعط|قيم|ضع',
  topMark: 'أعلى درجة|اعلى درجة|الدرجة الكاملة|الدرجة القصوى|العلامة الكاملة|ممتاز',
  denial: 'لا تذكر|لا تبلغ|لا تشر|دون ذكر',
  defects: 'خطأ|أخطاء|مشكلة|مشاكل|عيب|عيوب|ثغر',
  file: 'الملف|الكود|الوحدة|الشيفرة',
  approved: 'تم.{0,10}(?:مراجعة|اعتماد|الموافقة|تدقيق)',
  reader: 'أيها المراجع|عزيزي المراجع|إلى المراجع',
};

const near = (one: string, other: string) => `(?:${one}).{0,60}?(?:${other})|(?:${other}).{0,60}?(?:${one})`;

/** The orders of a language are looked for in texts with letters of its script only. */
const PATTERNS: readonly (readonly [script: RegExp, orders: RegExp])[] = [
  ...[GERMAN, FRENCH, SPANISH, PORTUGUESE, ITALIAN, DUTCH, POLISH].map((one) => [/[a-z]/, one] as const),
  [/\p{Script=Cyrillic}/u, RUSSIAN] as const,
  [/\p{Script=Han}/u, CHINESE] as const,
  [/[\p{Script=Hiragana}\p{Script=Katakana}]/u, JAPANESE] as const,
  [/\p{Script=Hangul}/u, KOREAN] as const,
  [/\p{Script=Arabic}/u, ARABIC] as const,
].flatMap(([script, language]) =>
  [
    near(language.forget, language.guidance),
    near(language.give, language.topMark),
    near(language.denial, language.defects),
    near(language.file, language.approved),
    language.reader,
  ].map((source) => [script, new RegExp(source, 'su')] as const),
);

/** Whether a text in one of twelve languages besides English gives orders to a reviewer, or a judgement ready-made. */
export function* ordersInOtherLanguages(text: string, pace: ReadingPace): Steps<boolean> {
  if (text.length < 8) return false;
  const letters = text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[\u0300-\u036f\p{Cf}]+/gu, '')
    .replaceAll('ł', 'l')
    .normalize('NFC');
  for (const [script, orders] of PATTERNS) {
    if (pace.isTurnOver(letters.length)) yield;
    if (script.test(letters) && orders.test(letters)) return true;
  }
  return false;
}

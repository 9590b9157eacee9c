/**
 * Random queries over two small tables, aimed at policies: every clause, functions that fail on some values, and
 * statements whose plan an optimizer likes to change. One seed gives one sequence.
 */
export interface QueryGenerator {
  next(): string;
}

export function createQueryGenerator(seed: number): QueryGenerator {
  const random = mulberry32(seed);
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T;
  const chance = (p: number) => random() < p;

  const number = (t: string): string =>
    pick([
      () => `${t}.id`,
      () => `${t}.score`,
      () => `${t}.pay`,
      () => String(below(12) - 3),
      () => `length(${text(t)})`,
      () => `(${number(t)} ${pick(['+', '-', '*', '/', '//', '%'])} ${number(t)})`,
      () => `CAST(${text(t)} AS INTEGER)`,
      () => `TRY_CAST(${text(t)} AS INTEGER)`,
      () => `abs(${number(t)})`,
      () => `ln(${number(t)})`,
      () => `sqrt(${number(t)})`,
      () => `date_part('year', ${date(t)})`,
      () => `len(${t}.tags)`,
      () => `CASE WHEN ${condition(t)} THEN ${number(t)} ELSE ${number(t)} END`,
    ])();
  const text = (t: string): string =>
    pick([
      () => `${t}.note`,
      () => `${t}.email`,
      () => `${t}.name`,
      () => `${t}.address.zip`,
      () => `${t}.address.city`,
      () => `'${pick(['a', 'x(', '7', 'guess', ''])}'`,
      () => `upper(${text(t)})`,
      () => `replace(${text(t)}, '${pick(['a', 'guess', '1'])}', '${pick(['(', '', 'b'])}')`,
      () => `substr(${text(t)}, ${below(4)})`,
      () => `(${text(t)} || ${text(t)})`,
      () => `CAST(${number(t)} AS VARCHAR)`,
      () => `${t}.tags[${below(4)}]`,
      () => `string_split_regex('a', ${text(t)})[1]`,
      () => `regexp_replace(${text(t)}, ${text(t)}, 'z')`,
      () => `chr(CAST(${number(t)} AS INTEGER))`,
    ])();
  const date = (t: string): string =>
    pick([
      () => `${t}.born`,
      () => `DATE '2001-02-03'`,
      () => `CAST(${text(t)} AS DATE)`,
      () => `(${t}.born + CAST(${number(t)} AS INTEGER))`,
    ])();
  const condition = (t: string): string =>
    pick([
      () => `${number(t)} ${pick(['=', '<', '>', '<=', '<>'])} ${number(t)}`,
      () => `${text(t)} ${pick(['=', '<', 'LIKE', '>'])} ${text(t)}`,
      () => `${date(t)} > ${date(t)}`,
      () => `${t}.id > ${below(20)}`,
      () => `${t}.region = '${pick(['north', 'south'])}'`,
      () =>
        `${pick(['id', 'note', 'email', 'pay', 'address', 'tags', 'born'].map((c) => `${t}.${c}`))} IS ${chance(0.5) ? 'NOT ' : ''}NULL`,
      () => `(${condition(t)} AND ${condition(t)})`,
      () => `(${condition(t)} OR ${condition(t)})`,
      () => `NOT ${condition(t)}`,
      () => `${t}.id IN (${below(9)}, ${below(9)}, ${below(99)})`,
      () => `${number(t)} IN (SELECT o.person_id FROM orders o WHERE ${order('o')})`,
      () => `EXISTS (SELECT 1 FROM orders o WHERE o.person_id = ${t}.id AND ${order('o')})`,
      () => `${number(t)} > (SELECT avg(p9.score) FROM people p9 WHERE ${simple('p9')})`,
      () => `regexp_matches(${text(t)}, ${text(t)})`,
      () => `list_contains(${t}.tags, ${text(t)})`,
    ])();
  const simple = (t: string) =>
    pick([
      `${t}.id < ${below(15)}`,
      `${t}.pay > ${below(9)}`,
      `${t}.note > 'b'`,
      `${t}.born > DATE '1985-01-01'`,
    ]);
  const order = (t: string) =>
    pick([
      `${t}.amount > ${below(50)}`,
      `${t}.item = '${pick(['pen', 'ink'])}'`,
      `CAST(${t}.item AS INTEGER) = 1`,
      `10 / (${t}.amount - ${below(9)}) > 1`,
      `${t}.secret LIKE '%${pick(['a', '1', 'r'])}%'`,
      `CAST(${t}.secret AS INTEGER) > ${below(4)}`,
    ]);
  const expression = (t: string) => pick([number, text, date, (x: string) => condition(x)])(t);
  const selectList = (t: string) =>
    chance(0.15) ? `${t}.*` : Array.from({ length: 1 + below(3) }, () => expression(t)).join(', ');
  const where = (t: string) => (chance(0.8) ? ` WHERE ${condition(t)}` : '');
  const tail = (t: string) =>
    (chance(0.5)
      ? ` ORDER BY ${Array.from({ length: 1 + below(2) }, () => expression(t)).join(', ')}${chance(0.3) ? ' DESC' : ''}`
      : '') + (chance(0.3) ? ` LIMIT ${below(6)}` : '');
  const aggregate = (t: string) =>
    pick([
      'count(*)',
      `sum(${number(t)})`,
      `min(${text(t)})`,
      `max(${expression(t)})`,
      `count(DISTINCT ${expression(t)})`,
      `list(${text(t)} ORDER BY ${t}.id)`,
      `string_agg(${text(t)}, ',' ORDER BY ${t}.id)`,
      `avg(${t}.score)`,
      `arg_max(${text(t)}, ${number(t)})`,
      `approx_count_distinct(${text(t)})`,
      `count(*) FILTER (WHERE ${condition(t)})`,
    ]);

  const statements: readonly (() => string)[] = [
    () => `SELECT ${selectList('p')} FROM people p${where('p')}${tail('p')}`,
    () => `SELECT ${aggregate('p')}, ${aggregate('p')} FROM people p${where('p')}`,
    () =>
      `SELECT ${pick(['p.region', 'p.born', 'p.email', 'p.note', 'p.pay'])} AS g, ${aggregate('p')} FROM people p${where('p')} GROUP BY g${chance(0.4) ? ` HAVING ${aggregate('p')} IS NOT NULL` : ''} ORDER BY ALL`,
    () =>
      `SELECT ${selectList('p')}, o.item, o.secret FROM people p ${pick(['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN'])} orders o ON ${pick(['p.id = o.person_id', `p.id = o.person_id AND ${order('o')}`, 'p.note = o.secret'])}${where('p')} ORDER BY ALL`,
    () =>
      `SELECT o.*, p.email FROM orders o, people p WHERE p.id = o.person_id AND ${order('o')} AND ${condition('p')}`,
    () =>
      `SELECT p.id FROM people p ${pick(['SEMI', 'ANTI'])} JOIN orders o ON p.id = o.person_id${where('p')}`,
    () =>
      `WITH q AS ${pick(['', 'MATERIALIZED '])}(SELECT * FROM people WHERE ${condition('people')}) SELECT ${aggregate('q')} FROM q${where('q')}`,
    () =>
      `SELECT ${number('p')} AS v FROM people p${where('p')} ${pick(['UNION', 'UNION ALL', 'EXCEPT', 'INTERSECT'])} SELECT o.amount FROM orders o WHERE ${order('o')} ORDER BY 1`,
    () =>
      `SELECT p.id, ${pick(['row_number()', `sum(p.score)`, `lag(${text('p')})`, 'rank()', `first_value(${text('p')})`])} OVER (${chance(0.5) ? 'PARTITION BY p.region ' : ''}ORDER BY ${expression('p')}, p.id) AS w FROM people p${where('p')}${chance(0.3) ? ' QUALIFY w IS NOT NULL' : ''}`,
    () => `SELECT u, p.id FROM people p, unnest(p.tags) AS t(u)${where('p')} ORDER BY ALL`,
    () => `SELECT DISTINCT ${selectList('p')} FROM people p${where('p')} ORDER BY ALL`,
    () =>
      `SELECT * EXCLUDE (${pick(['note', 'email'])}) REPLACE (${number('people')} AS id) FROM people${where('people')}${chance(0.5) ? ' LIMIT 3' : ''}`,
    () => `SELECT COLUMNS('${pick(['n.*', '.*a.*', 'id|pay'])}') FROM people p${where('p')}`,
    () =>
      `SELECT ${aggregate('s')} FROM (SELECT * FROM people WHERE ${condition('people')}${chance(0.5) ? ' LIMIT 4' : ''}) s${where('s')}`,
    () =>
      `SELECT (SELECT ${pick(['max(o.secret)', 'count(*)', 'sum(o.amount)', 'any_value(o.item)'])} FROM orders o WHERE o.person_id = p.id AND ${order('o')}) AS x FROM people p${where('p')}`,
    () =>
      `FROM people p PIVOT (${pick(['count(*)', 'max(note)', 'sum(pay)'])} FOR region IN ('north', 'south') GROUP BY ${pick(['id', 'email'])}) ORDER BY ALL`,
    () =>
      `SELECT list_transform(p.tags, lambda e: CAST(e AS INTEGER)), [x FOR x IN p.tags IF x > 'b'] FROM people p${where('p')}`,
    () =>
      `SELECT a.id, b.id FROM people a JOIN people b ON ${pick(['a.note = b.note', 'a.id = b.score', 'a.email = b.email'])} WHERE ${condition('a')} AND ${condition('b')} ORDER BY ALL`,
    () => `SELECT p FROM people p${where('p')} ORDER BY p.id LIMIT 5`,
    () => `SELECT count(*) FROM people WHERE ${simple('people')} AND ${condition('people')}`,
  ];
  return { next: () => pick(statements)() };
}

/** A small generator of good quality for tests: 32 bits of state, so that one number names the whole sequence. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

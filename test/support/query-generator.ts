/**
 * Random queries over two small tables, aimed at policies: every clause, functions that fail on some values, and
 * statements whose plan an optimizer likes to change. One seed gives one sequence.
 */
export interface QueryGenerator {
  next(): string;
}

/** Of `people`, in the table's order. */
const COLUMNS = ['id', 'email', 'name', 'region', 'pay', 'score', 'note', 'born', 'tags', 'address', 'level'];

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
      () => `length(CAST(${t}.level AS VARCHAR))`,
      () => `struct_extract({'a': ${t}.pay, 'b': ${t}.id}, '${pick(['a', 'b'])}')`,
      () => `greatest(${number(t)}, ${number(t)})`,
      () => `coalesce(${number(t)}, ${number(t)})`,
      () => `nullif(${number(t)}, ${number(t)})`,
      () => `list_sum([${number(t)}, ${number(t)}])`,
      () => `(SELECT max(o2.amount) FROM orders o2 WHERE o2.person_id = ${number(t)})`,
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
      () => `${t}.address['${pick(['zip', 'city'])}']`,
      () => `struct_extract(${t}.address, '${pick(['zip', 'city'])}')`,
      () => `${t}.level`,
      () => `${text(t)}[${below(3)}:${below(6)}]`,
      () => `concat_ws('-', ${text(t)}, ${t}.level)`,
      () => `array_to_string(${t}.tags, ',')`,
      () => `CASE CAST(${t}.level AS VARCHAR) WHEN ${text(t)} THEN ${text(t)} ELSE 'other' END`,
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
        `${pick(['id', 'note', 'email', 'pay', 'address', 'tags', 'born', 'level'].map((c) => `${t}.${c}`))} IS ${chance(0.5) ? 'NOT ' : ''}NULL`,
      () => `(${condition(t)} AND ${condition(t)})`,
      () => `(${condition(t)} OR ${condition(t)})`,
      () => `NOT ${condition(t)}`,
      () => `${t}.id IN (${below(9)}, ${below(9)}, ${below(99)})`,
      () => `${number(t)} IN (SELECT o.person_id FROM orders o WHERE ${order('o')})`,
      () => `EXISTS (SELECT 1 FROM orders o WHERE o.person_id = ${t}.id AND ${order('o')})`,
      () => `${number(t)} > (SELECT avg(p9.score) FROM people p9 WHERE ${simple('p9')})`,
      () => `regexp_matches(${text(t)}, ${text(t)})`,
      () => `list_contains(${t}.tags, ${text(t)})`,
      () => `${number(t)} BETWEEN ${number(t)} AND ${number(t)}`,
      () => `(${t}.id, ${text(t)}) ${pick(['<', '=', '>='])} (${number(t)}, ${text(t)})`,
      () =>
        `${number(t)} ${pick(['= ANY', '< ALL', '> ANY'])} (SELECT o3.amount FROM orders o3 WHERE ${order('o3')})`,
      () => `${text(t)} ${pick(['ILIKE', 'SIMILAR TO', 'NOT LIKE', 'GLOB', '^@', '~'])} ${text(t)}`,
      () => `${t}.level = 'high'`,
      () => `${expression(t)} IS ${chance(0.5) ? 'NOT ' : ''}DISTINCT FROM ${expression(t)}`,
      () => `${t}.address = {'city': ${text(t)}, 'zip': ${text(t)}}`,
      () => `CAST(${t}.address AS VARCHAR) > ${text(t)}`,
    ])();
  const simple = (t: string) =>
    pick([
      `${t}.id < ${below(15)}`,
      `${t}.pay > ${below(9)}`,
      `${t}.note > 'b'`,
      `${t}.born > DATE '1985-01-01'`,
      `CAST(${t}.level AS VARCHAR) > 'i'`,
      `${t}.address.zip > '*'`,
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
  const distinctList = (value: string) => `list(DISTINCT ${value} ORDER BY ${value})`;
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
      `histogram(${t}.level)`,
      distinctList(text(t)),
      `quantile_disc(${number(t)}, 0.5)`,
      `bool_or(${condition(t)})`,
      `max_by(${t}.address, ${t}.id)`,
      `count(${t})`,
    ]);

  /** The columns' own names in another order, or with some of them new. */
  const renamed = () => {
    const names = COLUMNS.map((name) => (chance(0.3) ? `x_${name}` : name));
    for (let at = names.length - 1; at > 0; at--) {
      const other = below(at + 1);
      [names[at], names[other]] = [names[other] as string, names[at] as string];
    }
    return names;
  };

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
    // Columns by names of the query's own, which may be those of other columns.
    () => {
      const names = renamed();
      const at = (name: string) => names[COLUMNS.indexOf(name)];
      return `SELECT ${chance(0.3) ? 'r.*' : `r.${pick(names)}, r.${at('id')}`} FROM people AS r(${names.join(', ')}) WHERE CAST(r.${at(pick(['pay', 'score', 'level', 'email']))} AS VARCHAR) ${pick(['<', '>', '='])} '${pick(['1', 'a', 'm', '9'])}'`;
    },
    () => {
      const names = renamed();
      return `WITH c(${names.join(', ')}) AS (FROM people) SELECT ${pick(names)}, count(*) FROM c WHERE c.${pick(names)} IS NOT NULL GROUP BY ALL ORDER BY ALL`;
    },
    () =>
      `SELECT ${pick(['pay', 'level', 'email'])} AS note, ${pick(['note', 'id', 'region'])} AS pay FROM people p WHERE note ${pick(['>', '='])} '${pick(['a', '1'])}' ORDER BY note, pay`,
    () =>
      `SELECT address.${pick(['zip', 'city'])}, ${pick(['address', 'level', 'tags'])} FROM people WHERE address.${pick(['zip', 'city'])} ${pick(['>', '<', 'LIKE'])} '${pick(['%5%', 'a', '*'])}' ORDER BY ALL`,
    () =>
      `SELECT * FROM people p ${pick(['JOIN', 'LEFT JOIN'])} (SELECT person_id AS id, ${pick(['secret', 'item'])} AS extra FROM orders o WHERE ${order('o')}) USING (id)${where('p')} ORDER BY ALL`,
    () =>
      `SELECT p.id, l.v FROM people p, LATERAL (SELECT ${expression('p')} AS v, o.amount FROM orders o WHERE o.person_id = p.id AND ${order('o')}) l ORDER BY ALL`,
    () =>
      `SELECT p.id, o.secret FROM people p ASOF ${pick(['JOIN', 'LEFT JOIN'])} orders o ON p.region = o.item AND p.id >= o.person_id ORDER BY ALL`,
    () =>
      `UNPIVOT (SELECT id, pay, CAST(score AS BIGINT) AS score FROM people p${where('p')}) ON pay, score INTO NAME n VALUE v ORDER BY ALL`,
    () =>
      `WITH RECURSIVE t(n) AS (SELECT min(p.id) FROM people p${where('p')} UNION ALL SELECT n + 1 FROM t WHERE n < (SELECT min(id) + ${below(5)} FROM people)) SELECT count(*) FROM t`,
    () =>
      `SELECT p.region, p.level, ${aggregate('p')} FROM people p${where('p')} GROUP BY ${pick(['ROLLUP (p.region, p.level)', 'CUBE (p.region, p.level)', 'GROUPING SETS ((p.region), (p.level), ())'])} ORDER BY ALL`,
    () =>
      `SELECT DISTINCT ON (p.${pick(['region', 'level', 'pay'])}) p.id, ${expression('p')} FROM people p${where('p')} ORDER BY p.${pick(['region', 'level'])}, p.id`,
    () =>
      `SELECT id, sum(${number('people')}) OVER (ORDER BY ${pick(['id', 'level, id', 'pay, id'])} ${pick(['ROWS BETWEEN 1 PRECEDING AND CURRENT ROW', 'RANGE UNBOUNDED PRECEDING', 'GROUPS 1 PRECEDING'])}) FROM people${where('people')}`,
    () =>
      `WITH people AS (SELECT * FROM people p WHERE ${condition('p')}) SELECT ${aggregate('people')} FROM people${where('people')}`,
    () =>
      `SELECT * RENAME (${pick(['pay', 'level', 'note'])} AS other) FROM people p${where('p')} ORDER BY ALL`,
    () =>
      `FROM people SELECT ${pick(['lower(level)', 'upper(email)', 'address', "COLUMNS(c -> c LIKE '%e%')"])}${where('people')}`,
    () =>
      `SELECT x.v, count(*) FROM (SELECT unnest([${text('p')}, ${text('p')}]) AS v FROM people p${where('p')}) x GROUP BY 1 ORDER BY ALL`,
    () =>
      `SELECT v.k, p.id FROM (VALUES (1, 'high'), (2, 'low'), (3, 'x')) v(k, name) JOIN people p ON ${pick(['p.level = v.name', 'p.note = v.name', 'p.id = v.k', 'p.email > v.name'])}${where('p')} ORDER BY ALL`,
    () =>
      `SELECT p.id FROM people p NATURAL JOIN (SELECT ${pick(['id', 'level', 'region', 'note'])} FROM people q WHERE ${condition('q')}) s ORDER BY ALL`,
    () =>
      `SELECT count(*), min(x) FROM (SELECT ${number('p')} AS x FROM people p${where('p')} INTERSECT ALL SELECT ${number('q')} FROM people q${where('q')})`,
    () => `SELECT ${aggregate('p')} FROM (people p JOIN orders o ON p.id = o.person_id)${where('p')}`,
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

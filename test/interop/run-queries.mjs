// Runs queries in ClickHouse embedded: a JSON array of SQL texts on standard input, one array of rows each on output.
import { text } from 'node:stream/consumers';
import { query } from 'chdb';

const answers = JSON.parse(await text(process.stdin)).map((sql) =>
  query(sql, 'JSONEachRow')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line)),
);
process.stdout.write(JSON.stringify(answers));

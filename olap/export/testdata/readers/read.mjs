// Sums exported tables: node read.mjs DIR. It prints {"TABLE": {"rows", "columns": {"NAME": {"count", "sum"}}}} of the Parquet and
// Arrow files below DIR: the values that are not null, their sum where they are numbers, booleans (0, 1) or times (microseconds).
import fs from 'node:fs';
import path from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

const dir = process.argv[2];
const tables = {};

function add(table, name, value) {
  const column = (tables[table].columns[name] ??= { count: 0, sum: 0 });
  if (value === null || value === undefined) return;
  column.count++;
  if (typeof value !== 'string' && typeof value !== 'object') column.sum += Number(value);
}

async function parquet(table, file) {
  const parsers = { timestampFromMicroseconds: (t) => t };
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(file), compressors, parsers });
  tables[table].rows += rows.length;
  for (const row of rows) for (const [name, value] of Object.entries(row)) add(table, name, value);
}

function arrow(table, file) {
  const all = tableFromIPC(fs.readFileSync(file));
  tables[table].rows += all.numRows;
  for (const field of all.schema.fields) {
    const isTime = String(field.type).startsWith('Timestamp');
    for (const value of all.getChild(field.name)) add(table, field.name, isTime && value !== null ? Math.round(value * 1000) : value);
  }
}

for (const file of fs.readdirSync(dir, { recursive: true })) {
  const table = file.split(path.sep)[0].split('.')[0];
  const kind = path.extname(file);
  if (kind !== '.parquet' && kind !== '.arrow') continue;
  tables[table] ??= { rows: 0, columns: {} };
  await (kind === '.parquet' ? parquet : arrow)(table, path.join(dir, file));
}
console.log(JSON.stringify(tables));

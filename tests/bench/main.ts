import { parseArgs } from 'node:util';
import { fhirBench } from './fhir.bench.js';
import { findInstance, type Instance } from './instance.js';
import { asJson, asTable, type Row } from './report.js';
import { worklistBench } from './worklist.bench.js';

const suites: Record<string, (instance: Instance, wanted: (name: string) => boolean) => Promise<Row[]>> = { fhir: fhirBench, worklist: worklistBench };

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean', default: false }, only: { type: 'string', default: '' } } });
/** Which rows: a pattern of how their names begin, such as `read|search patient`. */
const only = new RegExp(`^(?:${values.only})`);
const wanted = positionals.length > 0 ? positionals : Object.keys(suites);
const unknown = wanted.filter((name) => !(name in suites));
if (unknown.length > 0) {
  process.stderr.write(`There is no bench "${unknown.join(', ')}". Benches: ${Object.keys(suites).join(', ')}.\n`);
  process.exit(2);
}
const instance = await findInstance();
const rows: Row[] = [];
try {
  for (const name of wanted) rows.push(...((await suites[name]?.(instance, (row) => only.test(row))) ?? []));
} finally {
  await instance.owner.end();
}
process.stdout.write(`${values.json ? asJson(rows) : asTable(rows)}\n`);

/** One line of a bench: what was measured, and the same done by a bare server in the same run. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the bare limit reached. */
  readonly limit: number;
  /** value / limit. */
  readonly ratio: number;
}

const rounded = (number: number): number => (number >= 100 ? Math.round(number) : Math.round(number * 100) / 100);

export const row = (name: string, value: number, unit: string, limit: number): Row => ({
  name,
  value: rounded(value),
  unit,
  limit: rounded(limit),
  ratio: Math.round((value / limit) * 1000) / 1000,
});

/** The rows as JSON lines. */
export const asJson = (rows: readonly Row[]): string => rows.map((each) => JSON.stringify(each)).join('\n');

/** The rows as a table. */
export function asTable(rows: readonly Row[]): string {
  const cells = [['what', 'value', 'limit', 'unit', 'ratio'], ...rows.map(({ name, value, limit, unit, ratio }) => [name, value, limit, unit, ratio.toFixed(2)].map(String))];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  const isNumber = (column: number): boolean => column === 1 || column === 2 || column === 4;
  return cells.map((line) => line.map((cell, column) => (isNumber(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))).join('  ')).join('\n');
}

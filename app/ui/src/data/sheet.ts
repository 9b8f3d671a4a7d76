// The first rows of a dropped file, read in the browser to show its columns; the service reads the file itself.
import { csvCells, csvRecords, csvText } from './csv';
import { sheetRows, xlsxCells, xlsxSheet } from './xlsx';

export interface Sheet {
  columns: string[];
  /** Some values of each column, as they stand. */
  samples: string[][];
}

const HEAD_BYTES = 262_144;
const SAMPLE_ROWS = 5;
const MOST_LOOKED_AT = 50;

export type Kind = 'csv' | 'xlsx' | 'other';

/** What a file is; `other` is of a kind that only the service reads (Parquet, JSON). */
export async function kindOf(file: File): Promise<Kind> {
  const start = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  if (start[0] === 0x50 && start[1] === 0x4b) return 'xlsx';
  return /^PAR1|^[[{]/.test(String.fromCharCode(...start)) ? 'other' : 'csv';
}

/** Null where only the service reads the file. */
export async function readSheet(file: File): Promise<Sheet | null> {
  const kind = await kindOf(file);
  if (kind === 'other') return null;
  const rows: string[][] = [];
  for await (const row of kind === 'xlsx' ? xlsxRows(file) : csvRows(file)) {
    if (row.some((value) => value !== '')) rows.push(row);
    if (rows.length > SAMPLE_ROWS) break;
  }
  const [columns, ...rest] = rows;
  return columns ? { columns, samples: columns.map((_, at) => rest.map((row) => row[at] ?? '')) } : null;
}

async function* csvRows(file: File): AsyncGenerator<string[]> {
  const csv = await csvText(file.slice(0, HEAD_BYTES));
  for (const [start, end] of csvRecords(csv, MOST_LOOKED_AT)) yield csvCells(csv.text.slice(start, end), csv.separator);
}

async function* xlsxRows(file: File): AsyncGenerator<string[]> {
  const book = await xlsxSheet(file);
  for (const row of sheetRows(book)) yield xlsxCells(row, book.strings);
}

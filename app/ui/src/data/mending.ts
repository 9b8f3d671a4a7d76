// Mend a dropped file in the browser: one row's cells, or rows left out. The file itself, on the disk, stays as it is.
import { csvCells, csvRecord, csvRecords, csvText } from './csv';
import { kindOf } from './sheet';
import { bookFile, changeRow, rowOf, sheetRows, xlsxCells, xlsxSheet } from './xlsx';

export async function canMend(file: File): Promise<boolean> {
  return (await kindOf(file)) !== 'other';
}

/** The cells of some rows, by the number that a spreadsheet shows. */
export async function readRows(file: File, numbers: number[]): Promise<Map<number, string[]>> {
  const wanted = new Set(numbers);
  const found = new Map<number, string[]>();
  if ((await kindOf(file)) === 'xlsx') {
    const book = await xlsxSheet(file);
    for (const number of wanted) {
      const row = rowOf(book, number);
      if (row) found.set(number, xlsxCells(row, book.strings));
    }
    return found;
  }
  const csv = await csvText(file);
  let number = 0;
  for (const [start, end] of csvRecords(csv, Math.max(0, ...wanted))) {
    number += 1;
    if (wanted.has(number)) found.set(number, csvCells(csv.text.slice(start, end), csv.separator));
  }
  return found;
}

/** The file with one row's cells changed. */
export async function withRow(file: File, wanted: number, cells: string[]): Promise<File> {
  if ((await kindOf(file)) === 'xlsx') {
    const book = await xlsxSheet(file);
    const row = rowOf(book, wanted);
    if (row) changeRow(book, row, cells);
    return bookFile(book, file.name, file.type);
  }
  const csv = await csvText(file);
  let number = 0;
  for (const [start, end] of csvRecords(csv, wanted)) {
    number += 1;
    if (number === wanted) return csvFile(file, [csv.text.slice(0, start), csvRecord(cells, csv.separator), csv.text.slice(end)]);
  }
  return file;
}

/** The file without some rows. */
export async function withoutRows(file: File, numbers: number[]): Promise<File> {
  const unwanted = new Set(numbers);
  if ((await kindOf(file)) === 'xlsx') {
    const book = await xlsxSheet(file);
    sheetRows(book).forEach((row, at) => {
      if (unwanted.has(Number(row.getAttribute('r') ?? at + 1))) row.replaceChildren(); // an empty row counts, and is no record
    });
    return bookFile(book, file.name, file.type);
  }
  const csv = await csvText(file);
  const kept: string[] = [];
  let number = 0;
  for (const [start, end] of csvRecords(csv)) {
    number += 1;
    kept.push(unwanted.has(number) ? '\r\n' : csv.text.slice(start, end)); // a blank line, so that rows keep their numbers
  }
  return csvFile(file, kept);
}

function csvFile(file: File, parts: string[]): File {
  return new File(parts, file.name, { type: 'text/csv' });
}

// The first sheet of a workbook: its rows as texts, and the workbook again with some cells changed.
import { Zip } from './zip';

export interface Book {
  zip: Zip;
  sheet: Document;
  strings: string[];
}

const SHEET = 'xl/worksheets/sheet1.xml';
const PLAIN_NUMBER = /^-?\d+(\.\d+)?$/;

export async function xlsxSheet(file: File): Promise<Book> {
  const zip = new Zip(await file.arrayBuffer());
  const parse = async (name: string) => new DOMParser().parseFromString((await zip.text(name)) ?? '<none/>', 'application/xml');
  const shared = await parse('xl/sharedStrings.xml');
  const strings = Array.from(shared.getElementsByTagName('si'), (item) =>
    Array.from(item.getElementsByTagName('t'), (part) => part.textContent ?? '').join(''),
  );
  return { zip, sheet: await parse(SHEET), strings };
}

export function sheetRows(book: Book): Element[] {
  return Array.from(book.sheet.getElementsByTagName('row'));
}

/** A row by the number that a spreadsheet shows. */
export function rowOf(book: Book, number: number): Element | undefined {
  return sheetRows(book).find((row, at) => Number(row.getAttribute('r') ?? at + 1) === number);
}

export function xlsxCells(row: Element, strings: string[]): string[] {
  const cells: string[] = [];
  for (const cell of Array.from(row.getElementsByTagName('c'))) {
    const column = columnOf(cell) ?? cells.length;
    const value = cell.getElementsByTagName('v')[0]?.textContent ?? '';
    const inline = cell.getElementsByTagName('t')[0]?.textContent ?? value;
    while (cells.length < column) cells.push('');
    cells[column] = cell.getAttribute('t') === 's' ? (strings[Number(value)] ?? '') : inline;
  }
  return cells;
}

/** Write the cells of a row that differ; numbers stay numbers. */
export function changeRow(book: Book, row: Element, wanted: string[]): void {
  const known = xlsxCells(row, book.strings);
  wanted.forEach((text, column) => {
    if (text === (known[column] ?? '')) return;
    const cell = cellAt(book, row, column);
    cell.textContent = '';
    cell.removeAttribute('t');
    if (text === '') return;
    const value = book.sheet.createElementNS(row.namespaceURI, PLAIN_NUMBER.test(text) ? 'v' : 't');
    value.textContent = text;
    if (value.tagName === 'v') {
      cell.append(value);
      return;
    }
    const inline = book.sheet.createElementNS(row.namespaceURI, 'is');
    inline.append(value);
    cell.setAttribute('t', 'inlineStr');
    cell.append(inline);
  });
}

export function bookFile(book: Book, name: string, type: string): File {
  return new File([book.zip.with(SHEET, new XMLSerializer().serializeToString(book.sheet))], name, { type });
}

function cellAt(book: Book, row: Element, column: number): Element {
  const cells = Array.from(row.getElementsByTagName('c'));
  const found = cells.find((cell, at) => (columnOf(cell) ?? at) === column);
  if (found) return found;
  const made = book.sheet.createElementNS(row.namespaceURI, 'c');
  made.setAttribute('r', `${columnLetters(column)}${row.getAttribute('r') ?? ''}`);
  row.insertBefore(made, cells.find((cell, at) => (columnOf(cell) ?? at) > column) ?? null);
  return made;
}

function columnOf(cell: Element): number | null {
  const letters = /^[A-Z]+/.exec(cell.getAttribute('r') ?? '')?.[0];
  return letters ? [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1 : null;
}

function columnLetters(column: number): string {
  return (column >= 26 ? columnLetters(Math.floor(column / 26) - 1) : '') + String.fromCharCode(65 + (column % 26));
}

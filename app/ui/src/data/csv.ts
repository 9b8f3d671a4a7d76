// CSV as the service reads it: separator, quotes, and where each record stands in the text.
import { codePage } from './codepages';

export interface CsvText {
  text: string;
  separator: string;
}

/** Decode a file's bytes: UTF-8, UTF-16 or the code page that a spreadsheet saved. */
export async function csvText(part: Blob): Promise<CsvText> {
  const text = (await decoded(part)).replace(/^\uFEFF/, '');
  const firstLine = text.slice(0, text.search(/[\r\n]|$/));
  const separator = [',', ';', '\t', '|'].sort((a, b) => firstLine.split(b).length - firstLine.split(a).length)[0]!;
  return { text, separator };
}

async function decoded(part: Blob): Promise<string> {
  const bytes = new Uint8Array(await part.arrayBuffer());
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return new TextDecoder(codePage(bytes)).decode(bytes);
  }
}

/** Where each record begins and ends (its line break included), up to `limit` of them; blank lines are records too. */
export function* csvRecords({ text, separator }: CsvText, limit = Infinity): Generator<[number, number]> {
  let [start, count, isQuoted, isCellStart] = [0, 0, false, true];
  for (let at = 0; at < text.length && count < limit; at += 1) {
    const letter = text[at];
    if (isQuoted) {
      if (letter === '"') {
        if (text[at + 1] === '"') at += 1;
        else isQuoted = false;
      }
    } else if (letter === '"' && isCellStart) isQuoted = true;
    else if (letter === '\n' || letter === '\r') {
      if (letter === '\r' && text[at + 1] === '\n') at += 1;
      yield [start, at + 1];
      start = at + 1;
      count += 1;
      isCellStart = true;
      continue;
    }
    isCellStart = letter === separator && !isQuoted;
  }
  if (count < limit && start < text.length) yield [start, text.length];
}

/** The cells of one record. */
export function csvCells(record: string, separator: string): string[] {
  const cells: string[] = [];
  let [cell, isQuoted] = ['', false];
  for (let at = 0; at < record.length; at += 1) {
    const letter = record[at]!;
    if (isQuoted) {
      if (letter !== '"') cell += letter;
      else if (record[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else isQuoted = false;
    } else if (letter === '"' && cell === '') isQuoted = true;
    else if (letter === separator) {
      cells.push(cell);
      cell = '';
    } else if (letter !== '\n' && letter !== '\r') cell += letter;
  }
  return [...cells, cell];
}

/** A record of cells, with a line break. */
export function csvRecord(cells: string[], separator: string): string {
  const quoted = cells.map((cell) => (/["\r\n]/.test(cell) || cell.includes(separator) ? `"${cell.replace(/"/g, '""')}"` : cell));
  return `${quoted.join(separator)}\r\n`;
}

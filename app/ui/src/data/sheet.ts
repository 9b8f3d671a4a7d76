// The first rows of a dropped file, read in the browser to show its columns; the service reads the file itself.

export interface Sheet {
  columns: string[];
  /** Some values of each column, as they stand. */
  samples: string[][];
}

const HEAD_BYTES = 262_144;
const SAMPLE_ROWS = 5;

/** Null where the file is of a kind that only the service reads (Parquet, JSON). */
export async function readSheet(file: File): Promise<Sheet | null> {
  const start = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  if (start[0] === 0x50 && start[1] === 0x4b) return readXlsx(file);
  if (/^PAR1|^[[{]/.test(String.fromCharCode(...start))) return null;
  return fromRows(csvRows(await text(file.slice(0, HEAD_BYTES)), SAMPLE_ROWS + 1));
}

function fromRows(rows: string[][]): Sheet | null {
  const [columns, ...rest] = rows;
  return columns ? { columns, samples: columns.map((_, at) => rest.map((row) => row[at] ?? '')) } : null;
}

async function text(part: Blob): Promise<string> {
  const bytes = new Uint8Array(await part.arrayBuffer());
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

function csvRows(content: string, limit: number): string[][] {
  const head = content.replace(/^\uFEFF/, '');
  const firstLine = head.slice(0, head.search(/[\r\n]|$/));
  const separator = [',', ';', '\t', '|'].sort((a, b) => firstLine.split(b).length - firstLine.split(a).length)[0]!;
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let isQuoted = false;
  for (let at = 0; at < head.length && rows.length < limit; at += 1) {
    const letter = head[at]!;
    if (isQuoted) {
      if (letter !== '"') cell += letter;
      else if (head[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else isQuoted = false;
    } else if (letter === '"' && cell === '') isQuoted = true;
    else if (letter === separator) {
      row.push(cell);
      cell = '';
    } else if (letter === '\n' || letter === '\r') {
      if (letter === '\r' && head[at + 1] === '\n') at += 1;
      rows.push([...row, cell]);
      row = [];
      cell = '';
    } else cell += letter;
  }
  if (rows.length < limit && (row.length || cell)) rows.push([...row, cell]);
  return rows.filter((one) => one.some((value) => value !== ''));
}

async function readXlsx(file: File): Promise<Sheet | null> {
  const files = await unzip(await file.arrayBuffer());
  const parse = async (name: string) => {
    const content = await files(name);
    return content === null ? null : new DOMParser().parseFromString(content, 'application/xml');
  };
  const shared = await parse('xl/sharedStrings.xml');
  const strings = Array.from(shared?.getElementsByTagName('si') ?? [], (item) =>
    Array.from(item.getElementsByTagName('t'), (part) => part.textContent ?? '').join(''),
  );
  const sheet = await parse('xl/worksheets/sheet1.xml');
  const rows = Array.from(sheet?.getElementsByTagName('row') ?? [])
    .slice(0, SAMPLE_ROWS + 1)
    .map((row) => xlsxRow(row, strings));
  return fromRows(rows);
}

function xlsxRow(row: Element, strings: string[]): string[] {
  const cells: string[] = [];
  for (const cell of Array.from(row.getElementsByTagName('c'))) {
    const letters = /^[A-Z]+/.exec(cell.getAttribute('r') ?? '')?.[0] ?? '';
    const column = letters ? [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1 : cells.length;
    const value = cell.getElementsByTagName('v')[0]?.textContent ?? '';
    const inline = cell.getElementsByTagName('t')[0]?.textContent ?? value;
    while (cells.length < column) cells.push('');
    cells[column] = cell.getAttribute('t') === 's' ? (strings[Number(value)] ?? '') : inline;
  }
  return cells;
}

/** Read names from a zip's central directory, and unpack one file at a time with the browser's own inflate. */
async function unzip(buffer: ArrayBuffer): Promise<(name: string) => Promise<string | null>> {
  const view = new DataView(buffer);
  let end = buffer.byteLength - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end -= 1;
  const places = new Map<string, { method: number; size: number; start: number }>();
  let at = end < 0 ? 0 : view.getUint32(end + 16, true);
  for (let left = end < 0 ? 0 : view.getUint16(end + 10, true); left > 0; left -= 1) {
    const [nameLength, extra, comment] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true)) as [number, number, number];
    const name = new TextDecoder().decode(new Uint8Array(buffer, at + 46, nameLength));
    places.set(name, { method: view.getUint16(at + 10, true), size: view.getUint32(at + 20, true), start: view.getUint32(at + 42, true) });
    at += 46 + nameLength + extra + comment;
  }
  return async (name) => {
    const place = places.get(name);
    if (!place) return null;
    const skip = 30 + view.getUint16(place.start + 26, true) + view.getUint16(place.start + 28, true);
    const packed = new Blob([new Uint8Array(buffer, place.start + skip, place.size)]);
    if (place.method === 0) return packed.text();
    return new Response(packed.stream().pipeThrough(new DecompressionStream('deflate-raw'))).text();
  };
}

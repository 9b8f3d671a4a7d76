// Zip archives with the browser's own inflate: read one file at a time, or write the archive with one file changed.

interface Entry {
  method: number;
  crc: number;
  packed: number;
  unpacked: number;
  /** Where the local header begins. */
  start: number;
}

const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END = 0x06054b50;
const UTF8_NAMES = 0x0800;
const STORED = 0;

export class Zip {
  private readonly view: DataView<ArrayBuffer>;
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly buffer: ArrayBuffer) {
    const view = new DataView(buffer);
    this.view = view;
    let end = buffer.byteLength - 22;
    while (end >= 0 && view.getUint32(end, true) !== END) end -= 1;
    let at = end < 0 ? 0 : view.getUint32(end + 16, true);
    for (let left = end < 0 ? 0 : view.getUint16(end + 10, true); left > 0; left -= 1) {
      const [nameLength, extra, comment] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true)) as [number, number, number];
      const name = new TextDecoder().decode(new Uint8Array(buffer, at + 46, nameLength));
      this.entries.set(name, {
        method: view.getUint16(at + 10, true),
        crc: view.getUint32(at + 16, true),
        packed: view.getUint32(at + 20, true),
        unpacked: view.getUint32(at + 24, true),
        start: view.getUint32(at + 42, true),
      });
      at += 46 + nameLength + extra + comment;
    }
  }

  /** The text of a file; null where there is none of that name. */
  async text(name: string): Promise<string | null> {
    const entry = this.entries.get(name);
    if (!entry) return null;
    const packed = new Blob([this.packed(entry)]);
    if (entry.method === STORED) return packed.text();
    return new Response(packed.stream().pipeThrough(new DecompressionStream('deflate-raw'))).text();
  }

  /** The archive with one file's text changed; all others stay byte for byte. */
  with(changed: string, text: string): Blob {
    const content = new TextEncoder().encode(text);
    const body: BlobPart[] = [];
    const directory: BlobPart[] = [];
    let [offset, directorySize] = [0, 0];
    for (const [name, entry] of this.entries) {
      const isChanged = name === changed;
      const bytes = isChanged ? content : this.packed(entry);
      const told = isChanged ? { method: STORED, crc: crc32(content), packed: content.length, unpacked: content.length } : entry;
      const nameBytes = new TextEncoder().encode(name);
      const local = header(LOCAL, 30, told, nameBytes);
      const central = header(CENTRAL, 46, told, nameBytes);
      new DataView(central.buffer).setUint32(42, offset, true);
      body.push(local, bytes);
      directory.push(central);
      offset += local.length + bytes.length;
      directorySize += central.length;
    }
    const end = new DataView(new ArrayBuffer(22));
    end.setUint32(0, END, true);
    end.setUint16(8, this.entries.size, true);
    end.setUint16(10, this.entries.size, true);
    end.setUint32(12, directorySize, true);
    end.setUint32(16, offset, true);
    return new Blob([...body, ...directory, end.buffer]);
  }

  private packed(entry: Entry): Uint8Array<ArrayBuffer> {
    const skip = 30 + this.view.getUint16(entry.start + 26, true) + this.view.getUint16(entry.start + 28, true);
    return new Uint8Array(this.buffer, entry.start + skip, entry.packed);
  }
}

function header(signature: number, size: number, entry: Omit<Entry, 'start'>, name: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size + name.length);
  const view = new DataView(bytes.buffer);
  const shift = signature === CENTRAL ? 2 : 0; // the central directory says first who made it
  view.setUint32(0, signature, true);
  if (shift) view.setUint16(4, 20, true);
  view.setUint16(4 + shift, 20, true);
  view.setUint16(6 + shift, UTF8_NAMES, true);
  view.setUint16(8 + shift, entry.method, true);
  view.setUint16(12 + shift, 0x21, true); // 1 January 1980: zip knows no earlier day, and ours does not matter
  view.setUint32(14 + shift, entry.crc, true);
  view.setUint32(18 + shift, entry.packed, true);
  view.setUint32(22 + shift, entry.unpacked, true);
  view.setUint16(26 + shift, name.length, true);
  bytes.set(name, size);
  return bytes;
}

function crc32(bytes: Uint8Array): number {
  const table = Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
    return value;
  });
  let crc = 0xffffffff;
  for (const byte of bytes) crc = table[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

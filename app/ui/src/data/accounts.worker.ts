// Reads an alignment's map beside the page: 100,000 accounts are fetched, parsed and written as GeoJSON without a pause.
import { columnsOf, thinning, type Columns, type PointFeature } from './accounts';

export interface Wish {
  number: number;
  url: string;
  /** Who asks. */
  headers: Record<string, string>;
  /** Whose order of names the ranks follow. */
  locale: string;
  repIds: string[];
}
export interface Home {
  repId: string;
  lon: number;
  lat: number;
  active: boolean;
}
export interface Reading {
  columns: Columns;
  zooms: Uint8Array<ArrayBuffer>;
  points: Blob;
  homes: Home[];
}
/** Where each account stands when they are sorted by name or id; it comes after the reading, which it must not delay. */
export interface Ranks {
  names: Int32Array<ArrayBuffer>;
  ids: Int32Array<ArrayBuffer>;
}
export type Answer = { number: number } & ({ reading: Reading } | { ranks: Ranks } | { status: number; problem: Record<string, unknown> });

self.onmessage = async ({ data }: MessageEvent<Wish>) => {
  try {
    const response = await fetch(data.url, { headers: { Accept: 'application/json', ...data.headers } });
    const body = await response.json();
    if (!response.ok) return self.postMessage({ number: data.number, status: response.status, problem: body } satisfies Answer);
    const reading = read(body.features as PointFeature[], data.repIds);
    const { lon, lat, rep, current, moved, locked } = reading.columns;
    const answer: Answer = { number: data.number, reading };
    const { compare } = new Intl.Collator(data.locale, { numeric: true });
    const { ids, names } = reading.columns;
    self.postMessage(answer, { transfer: [lon, lat, rep, current, moved, locked, reading.zooms].map((column) => column.buffer) });
    const ranks: Ranks = { names: ranked(names.map((name, row) => name ?? ids[row]!), compare), ids: ranked(ids, compare) };
    self.postMessage({ number: data.number, ranks } satisfies Answer, { transfer: [ranks.names.buffer, ranks.ids.buffer] });
  } catch (error) {
    self.postMessage({ number: data.number, status: 0, problem: { detail: String(error) } } satisfies Answer);
  }
};

function read(features: PointFeature[], repIds: string[]): Reading {
  const columns = columnsOf(features, repIds);
  const zooms = thinning(columns);
  const homes = features
    .filter(({ properties }) => properties.kind === 'rep')
    .map(({ geometry, properties }) => ({
      repId: properties.rep_id ?? '',
      lon: geometry.coordinates[0],
      lat: geometry.coordinates[1],
      active: properties.active ?? true,
    }));
  return { columns, zooms, points: pointsText(columns, zooms), homes };
}

function ranked(texts: string[], compare: (a: string, b: string) => number): Int32Array<ArrayBuffer> {
  const order = Uint32Array.from(texts.keys()).sort((a, b) => compare(texts[a]!, texts[b]!));
  const ranks = new Int32Array(texts.length);
  order.forEach((row, rank) => (ranks[row] = rank));
  return ranks;
}

/** Row, rep, moved, locked and zoom of each point; the map finds the color by the rep. */
function pointsText({ lon, lat, rep, moved, locked }: Columns, zooms: Uint8Array): Blob {
  const features = Array.from(
    lon,
    (x, row) =>
      `{"type":"Feature","properties":{"i":${row},"r":${rep[row]},"m":${moved[row]},"l":${locked[row]},"z":${zooms[row]}},"geometry":{"type":"Point","coordinates":[${x},${lat[row]}]}}`,
  );
  return new Blob(['{"type":"FeatureCollection","features":[', features.join(','), ']}'], { type: 'application/geo+json' });
}

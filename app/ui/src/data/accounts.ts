// The accounts of one alignment as columns: 100,000 of them stay small and quick to sort, filter and draw.
import type { Assignment } from '../api/client';

export const NOBODY = -1;

export interface PointFeature {
  id: string;
  geometry: { coordinates: [number, number] };
  properties: {
    kind: 'account' | 'rep';
    account_id: string;
    name: string | null;
    rep_id: string | null;
    current_rep_id: string | null;
    moved: boolean;
    locked: boolean;
    active?: boolean;
    placed?: boolean;
  };
}

/** One entry for each account, in the order of the answer. */
export interface Columns {
  ids: string[];
  names: (string | null)[];
  lon: Float64Array<ArrayBuffer>;
  lat: Float64Array<ArrayBuffer>;
  /** Positions in `repIds`, `NOBODY` where there is none. */
  rep: Int32Array<ArrayBuffer>;
  current: Int32Array<ArrayBuffer>;
  moved: Uint8Array<ArrayBuffer>;
  locked: Uint8Array<ArrayBuffer>;
}

/** Turn the map's features into columns. */
export function columnsOf(features: PointFeature[], repIds: string[]): Columns {
  const wanted = features.filter((feature) => feature.properties.kind === 'account');
  const reps = new Map(repIds.map((id, position) => [id, position]));
  const size = wanted.length;
  const columns: Columns = {
    ids: new Array(size),
    names: new Array(size),
    lon: new Float64Array(size),
    lat: new Float64Array(size),
    rep: new Int32Array(size),
    current: new Int32Array(size),
    moved: new Uint8Array(size),
    locked: new Uint8Array(size),
  };
  wanted.forEach(({ geometry, properties }, row) => {
    columns.ids[row] = properties.account_id;
    columns.names[row] = properties.name;
    columns.lon[row] = geometry.coordinates[0];
    columns.lat[row] = geometry.coordinates[1];
    columns.rep[row] = reps.get(properties.rep_id ?? '') ?? NOBODY;
    columns.current[row] = reps.get(properties.current_rep_id ?? '') ?? NOBODY;
    columns.moved[row] = properties.moved ? 1 : 0;
    columns.locked[row] = properties.locked ? 1 : 0;
  });
  return columns;
}

export class Accounts implements Columns {
  readonly size: number;
  readonly ids: string[];
  readonly names: (string | null)[];
  readonly lon: Float64Array<ArrayBuffer>;
  readonly lat: Float64Array<ArrayBuffer>;
  readonly rep: Int32Array<ArrayBuffer>;
  readonly current: Int32Array<ArrayBuffer>;
  readonly moved: Uint8Array<ArrayBuffer>;
  readonly locked: Uint8Array<ArrayBuffer>;
  readonly travelKm: Float64Array;
  /** Amounts by measure; empty until they are loaded. */
  amounts: Map<string, Float64Array> = new Map();
  private searched?: string[];
  private readonly positions: Map<string, number>;

  /** `zooms` and `points` are what the map draws: from which zoom each point shows, and GeoJSON of all of them. */
  constructor(
    columns: Columns,
    readonly zooms: Uint8Array,
    readonly points: Blob,
  ) {
    this.size = columns.ids.length;
    ({ ids: this.ids, names: this.names, lon: this.lon, lat: this.lat, rep: this.rep, current: this.current, moved: this.moved, locked: this.locked } = columns);
    this.travelKm = new Float64Array(this.size).fill(NaN);
    this.positions = new Map(this.ids.map((id, row) => [id, row]));
  }

  /** Name and id of each account in small letters, to be searched. */
  get words(): string[] {
    this.searched ??= this.ids.map((id, row) => `${this.names[row] ?? ''} ${id}`.toLowerCase());
    return this.searched;
  }

  position(id: string): number {
    return this.positions.get(id) ?? NOBODY;
  }

  /** Take amounts and travel from a page of assignments. */
  fill(items: Assignment[]): void {
    for (const item of items) {
      const row = this.position(item.account_id);
      if (row === NOBODY) continue;
      this.travelKm[row] = item.travel_km ?? NaN;
      for (const [measure, value] of Object.entries(item.measures)) {
        let column = this.amounts.get(measure);
        if (!column) this.amounts.set(measure, (column = new Float64Array(this.size)));
        column[row] = value;
      }
    }
  }

  /** One account's amount; each counts as one account. */
  amount(row: number, measure: string): number {
    if (measure === 'accounts') return 1;
    return this.amounts.get(measure)?.[row] ?? 0;
  }
}

const ALL_AT_ONCE = 12_000;
const THINNED_ZOOMS = [3, 5, 7];

/**
 * The zoom from which each point is drawn: in every square of some pixels only one, so that what is far out stays
 * light and honest, and everything shows when near. Moved and locked points come first.
 */
export function thinning(accounts: Columns, cellPixels = 3): Uint8Array<ArrayBuffer> {
  const size = accounts.ids.length;
  const result = new Uint8Array(size);
  if (size <= ALL_AT_ONCE) return result;
  result.fill(THINNED_ZOOMS.at(-1)! + 2);
  const order = Array.from({ length: size }, (_, row) => row);
  const first = (row: number) => accounts.moved[row]! * 2 + accounts.locked[row]!;
  order.sort((a, b) => first(b) - first(a));
  for (const zoom of THINNED_ZOOMS) {
    const cells = (512 * 2 ** zoom) / cellPixels;
    const taken = new Set<number>();
    for (const row of order) if (result[row]! <= zoom) taken.add(cellOf(accounts, row, cells));
    for (const row of order) {
      if (result[row]! <= zoom) continue;
      const cell = cellOf(accounts, row, cells);
      if (taken.has(cell)) continue;
      taken.add(cell);
      result[row] = zoom === THINNED_ZOOMS[0] ? 0 : zoom;
    }
  }
  return result;
}

function cellOf(accounts: Columns, row: number, cells: number): number {
  const x = Math.floor(((accounts.lon[row]! + 180) / 360) * cells);
  const latitude = Math.max(-85, Math.min(85, accounts.lat[row]!)) * (Math.PI / 180);
  const y = Math.floor((0.5 - Math.log(Math.tan(Math.PI / 4 + latitude / 2)) / (2 * Math.PI)) * cells);
  return y * 4_194_304 + x;
}

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

export class Accounts {
  readonly size: number;
  readonly ids: string[];
  readonly names: (string | null)[];
  readonly lon: Float64Array;
  readonly lat: Float64Array;
  /** Positions in `repIds`, `NOBODY` where there is none. */
  readonly rep: Int32Array;
  readonly current: Int32Array;
  readonly moved: Uint8Array;
  readonly locked: Uint8Array;
  readonly travelKm: Float64Array;
  /** Amounts by measure; empty until they are loaded. */
  amounts: Map<string, Float64Array> = new Map();
  private readonly positions: Map<string, number>;

  constructor(features: PointFeature[], repIds: string[]) {
    const wanted = features.filter((feature) => feature.properties.kind === 'account');
    const reps = new Map(repIds.map((id, position) => [id, position]));
    this.size = wanted.length;
    this.ids = new Array(this.size);
    this.names = new Array(this.size);
    this.lon = new Float64Array(this.size);
    this.lat = new Float64Array(this.size);
    this.rep = new Int32Array(this.size);
    this.current = new Int32Array(this.size);
    this.moved = new Uint8Array(this.size);
    this.locked = new Uint8Array(this.size);
    this.travelKm = new Float64Array(this.size).fill(NaN);
    this.positions = new Map();
    wanted.forEach(({ geometry, properties }, row) => {
      this.ids[row] = properties.account_id;
      this.names[row] = properties.name;
      this.lon[row] = geometry.coordinates[0];
      this.lat[row] = geometry.coordinates[1];
      this.rep[row] = reps.get(properties.rep_id ?? '') ?? NOBODY;
      this.current[row] = reps.get(properties.current_rep_id ?? '') ?? NOBODY;
      this.moved[row] = properties.moved ? 1 : 0;
      this.locked[row] = properties.locked ? 1 : 0;
      this.positions.set(properties.account_id, row);
    });
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
export function thinning(accounts: Accounts, cellPixels = 3): Uint8Array {
  const result = new Uint8Array(accounts.size);
  if (accounts.size <= ALL_AT_ONCE) return result;
  result.fill(THINNED_ZOOMS.at(-1)! + 2);
  const order = Array.from({ length: accounts.size }, (_, row) => row);
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

function cellOf(accounts: Accounts, row: number, cells: number): number {
  const x = Math.floor(((accounts.lon[row]! + 180) / 360) * cells);
  const latitude = Math.max(-85, Math.min(85, accounts.lat[row]!)) * (Math.PI / 180);
  const y = Math.floor((0.5 - Math.log(Math.tan(Math.PI / 4 + latitude / 2)) / (2 * Math.PI)) * cells);
  return y * 4_194_304 + x;
}

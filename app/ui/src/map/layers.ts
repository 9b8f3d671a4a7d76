// What the map's sources hold for one view: points, homes and labels as GeoJSON.
import { NOBODY, type Accounts } from '../data/accounts';
import { indexText } from '../state/measures';
import type { View } from '../state/views.svelte';

type Points = GeoJSON.FeatureCollection<GeoJSON.Point>;

export function pointsOf(accounts: Accounts, rows: Iterable<number>): Points {
  const features = Array.from(rows, (row) => point(accounts.lon[row]!, accounts.lat[row]!, { i: row }));
  return { type: 'FeatureCollection', features };
}

/** A house for each rep's home, an empty seat where the rep has no accounts or was placed. */
export function homePoints(view: View): Points {
  const lines = new Map(view.scorecard.reps.map((line) => [line.rep_id, line]));
  const features = view.homes
    .filter((home) => home.active)
    .map((home) => point(home.lon, home.lat, { rep: home.repId, open: !lines.get(home.repId)?.accounts }));
  return { type: 'FeatureCollection', features };
}

/** Rep and index, at the account nearest to the middle of the territory, so that it stands inside. */
export function labelPoints(view: View, accounts: Accounts, measure: string): Points {
  const numReps = view.repIds.length;
  const [x, y, n] = [new Float64Array(numReps), new Float64Array(numReps), new Float64Array(numReps)];
  for (let row = 0; row < accounts.size; row += 1) {
    const rep = accounts.rep[row]!;
    if (rep === NOBODY) continue;
    x[rep]! += accounts.lon[row]!;
    y[rep]! += accounts.lat[row]!;
    n[rep]! += 1;
  }
  const [best, nearest] = [new Int32Array(numReps).fill(NOBODY), new Float64Array(numReps).fill(Infinity)];
  for (let row = 0; row < accounts.size; row += 1) {
    const rep = accounts.rep[row]!;
    if (rep === NOBODY) continue;
    const away = (accounts.lon[row]! - x[rep]! / n[rep]!) ** 2 + (accounts.lat[row]! - y[rep]! / n[rep]!) ** 2;
    if (away < nearest[rep]!) [nearest[rep], best[rep]] = [away, row];
  }
  const features = view.scorecard.reps.flatMap((line, rep) => {
    const row = best[rep]!;
    if (row === NOBODY) return [];
    const index = line.measures[measure]?.index;
    const text = index === null || index === undefined ? line.rep_name : `${line.rep_name}\n${indexText(index, view.scorecard.team.measures[measure]?.tolerance)}`;
    return [point(accounts.lon[row]!, accounts.lat[row]!, { text, rep: line.rep_id, order: -Math.abs((index ?? 100) - 100) })];
  });
  return { type: 'FeatureCollection', features };
}

/** West, south, east, north of the accounts; a few far away (Alaska, Hawaii) do not shrink all the others. */
export function bounds(accounts: Accounts): [number, number, number, number] | null {
  if (!accounts.size) return null;
  const [west, east] = extent(accounts.lon);
  const [south, north] = extent(accounts.lat);
  return [west, Math.max(-85, south), east, Math.min(85, north)];
}

const FAR_SHARE = 0.02;

function extent(values: Float64Array): [number, number] {
  const sorted = Float64Array.from(values).sort();
  const cut = Math.floor(sorted.length * FAR_SHARE);
  const [least, most] = [sorted[0]!, sorted.at(-1)!];
  const [low, high] = [sorted[cut]!, sorted[sorted.length - 1 - cut]!];
  const margin = (high - low) * 0.08;
  return high - low < 0.8 * (most - least) ? [Math.max(least, low - margin), Math.min(most, high + margin)] : [least, most];
}

function point(lon: number, lat: number, properties: Record<string, unknown>): GeoJSON.Feature<GeoJSON.Point> {
  return { type: 'Feature', properties, geometry: { type: 'Point', coordinates: [lon, lat] } };
}

// Moves as arrows from the old rep's home to the new one's, one for each pair of reps, wide where many accounts go.
import { NOBODY, type Accounts } from '../data/accounts';
import type { Home } from '../data/accounts.worker';

const STEPS = 24;
/** With nobody chosen only the widest arrows are drawn; all of them would hide the map. */
const MOST_ARCS = 80;

export function moveArcs(
  accounts: Accounts,
  repIds: string[],
  homes: Home[],
  onlyRep: string,
): GeoJSON.FeatureCollection<GeoJSON.LineString> {
  const counts = new Map<number, number>();
  for (let row = 0; row < accounts.size; row += 1) {
    if (!accounts.moved[row] || accounts.rep[row] === NOBODY || accounts.current[row] === NOBODY) continue;
    const key = accounts.current[row]! * repIds.length + accounts.rep[row]!;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const places = new Map(homes.map((home) => [home.repId, home]));
  const features: GeoJSON.Feature<GeoJSON.LineString>[] = [];
  for (const [key, count] of counts) {
    const [from, to] = [repIds[Math.floor(key / repIds.length)]!, repIds[key % repIds.length]!];
    const [start, end] = [places.get(from), places.get(to)];
    if (!start || !end || (onlyRep && onlyRep !== from && onlyRep !== to)) continue;
    features.push({
      type: 'Feature',
      properties: { from, to, count },
      geometry: { type: 'LineString', coordinates: arc([start.lon, start.lat], [end.lon, end.lat]) },
    });
  }
  features.sort((a, b) => Number(b.properties!.count) - Number(a.properties!.count));
  return { type: 'FeatureCollection', features: onlyRep ? features : features.slice(0, MOST_ARCS) };
}

function arc([x1, y1]: [number, number], [x2, y2]: [number, number]): [number, number][] {
  const across = x2 - x1 > 180 ? x2 - 360 : x2 - x1 < -180 ? x2 + 360 : x2;
  const [dx, dy] = [across - x1, y2 - y1];
  const [bendX, bendY] = [(x1 + across) / 2 - dy * 0.18, (y1 + y2) / 2 + dx * 0.18];
  return Array.from({ length: STEPS + 1 }, (_, step) => {
    const share = step / STEPS;
    const [a, b, c] = [(1 - share) ** 2, 2 * share * (1 - share), share ** 2];
    return [a * x1 + b * bendX + c * across, a * y1 + b * bendY + c * y2];
  });
}

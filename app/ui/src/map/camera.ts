// Maps that move together, and the place that the address holds.
import type { Map as MapLibreMap } from 'maplibre-gl';
import { go, route } from '../state/route.svelte';

const together = new Set<MapLibreMap>();
let isFollowing = false;

export function join(map: MapLibreMap): () => void {
  const [leader] = together;
  if (leader) map.jumpTo({ center: leader.getCenter(), zoom: leader.getZoom() });
  together.add(map);
  const lead = () => {
    if (isFollowing) return;
    isFollowing = true;
    const camera = { center: map.getCenter(), zoom: map.getZoom() };
    for (const other of together) if (other !== map) other.jumpTo(camera);
    isFollowing = false;
  };
  /** Each map says what it shows, those that follow too. */
  const tell = () => {
    const { lat, lng } = map.getCenter();
    return (map.getContainer().dataset.at = `${map.getZoom().toFixed(2)}/${lat.toFixed(3)}/${lng.toFixed(3)}`);
  };
  tell();
  const keep = () => {
    const at = tell();
    if (!isFollowing) go({ at }, { quiet: true });
  };
  map.on('move', lead);
  map.on('moveend', keep);
  return () => {
    map.off('move', lead);
    map.off('moveend', keep);
    together.delete(map);
  };
}

export function isFirst(): boolean {
  return together.size === 0;
}

export function placeOfAddress(): { zoom: number; center: [number, number] } | null {
  const [zoom, lat, lon] = route.at.split('/').map(Number);
  if (zoom === undefined || lat === undefined || lon === undefined) return null;
  return [zoom, lat, lon].every(Number.isFinite) ? { zoom, center: [lon, lat] } : null;
}

// Fills of territories: by rep, by index (blue under, orange over, pale at 100), by share of accounts that move.
import type { RepLine } from '../api/client';
import type { Fill } from '../state/route.svelte';

export const INDEX_STOPS: [number, string][] = [
  [85, '#2b6cb0'],
  [92.5, '#8fb6dc'],
  [100, '#f3f1ec'],
  [107.5, '#edb877'],
  [115, '#b45309'],
];
export const CHANGE_STOPS: [number, string][] = [
  [0, '#f3f1ec'],
  [0.15, '#c9b8dd'],
  [0.3, '#8d6bb8'],
  [0.5, '#54278f'],
];

export function fillColor(fill: Fill, rep: RepLine | undefined, measure: string, own: string): string {
  if (!rep || fill === 'rep') return own;
  if (fill === 'index') return blend(INDEX_STOPS, rep.measures[measure]?.index ?? NaN, '#b9bdc4');
  const all = Math.max(1, rep.accounts, rep.before?.accounts ?? 0);
  return blend(CHANGE_STOPS, (rep.moved_in + rep.moved_out) / 2 / all, '#b9bdc4');
}

export function blend(stops: [number, string][], value: number, unknown: string): string {
  if (!Number.isFinite(value)) return unknown;
  if (value <= stops[0]![0]) return stops[0]![1];
  for (let at = 1; at < stops.length; at += 1) {
    const [low, from] = stops[at - 1]!;
    const [high, to] = stops[at]!;
    if (value <= high) return mixed(from, to, (value - low) / (high - low));
  }
  return stops.at(-1)![1];
}

function mixed(from: string, to: string, share: number): string {
  const parts = [1, 3, 5].map((at) => {
    const [a, b] = [parseInt(from.slice(at, at + 2), 16), parseInt(to.slice(at, at + 2), 16)];
    return Math.round(a + (b - a) * share)
      .toString(16)
      .padStart(2, '0');
  });
  return `#${parts.join('')}`;
}

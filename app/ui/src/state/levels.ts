// The hierarchy above the reps: how deep it is, and who stands for a rep at a level. A manager may have no row.
import type { RepItem } from '../api/client';

/** The ids from the top down to a rep, the rep last; a circle is cut where it closes. */
function pathOf(id: string, managers: Map<string, string | null | undefined>): string[] {
  const path = [id];
  for (let above = managers.get(id); above && !path.includes(above); above = managers.get(above)) path.unshift(above);
  return path;
}

/** By rep, the ids from the top down. */
export function pathsOf(reps: RepItem[]): Map<string, string[]> {
  const managers = new Map(reps.map((rep) => [rep.id, rep.manager_id]));
  return new Map(reps.map((rep) => [rep.id, pathOf(rep.id, managers)]));
}

/** Levels of the hierarchy, the last one being the reps. */
export function depthOf(paths: Map<string, string[]>): number {
  return Math.max(1, ...Array.from(paths.values(), (path) => path.length));
}

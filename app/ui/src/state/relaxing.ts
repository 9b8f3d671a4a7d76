// Wishes that cannot be met together: the arithmetic that the page can do before anything is asked.
import type { Criteria, Dataset, Relaxation, RepItem } from '../api/client';

export type Change = Relaxation['changes'][number];

export interface Impossible {
  measure: string;
  demand: number;
  capacity: number;
}

/** Measures whose total is more than all active reps may carry. */
export function shortCapacities(dataset: Dataset, reps: RepItem[]): Impossible[] {
  return dataset.measures.flatMap(({ name, total }) => {
    const limits = reps.filter((rep) => rep.active).map((rep) => rep.capacity[name]?.max ?? null);
    if (!limits.length || limits.some((limit) => limit === null)) return [];
    const capacity = limits.reduce<number>((sum, limit) => sum + limit!, 0);
    return total > capacity ? [{ measure: name, demand: total, capacity }] : [];
  });
}

/** Reps whose capacity is below the least that a hard band asks of them. */
export function bandAboveCapacity(criteria: Criteria, dataset: Dataset, reps: RepItem[]): { rep: string; measure: string; least: number; capacity: number }[] {
  const active = reps.filter((rep) => rep.active);
  const fte = active.reduce((sum, rep) => sum + rep.fte, 0);
  return criteria.balance.filter((balance) => balance.hard && (balance.target === 'fte' || balance.target === 'equal')).flatMap((balance) => {
    const total = dataset.measures.find((measure) => measure.name === balance.measure)?.total ?? 0;
    return active.flatMap((rep) => {
      const share = balance.target === 'fte' ? rep.fte / Math.max(fte, 1e-9) : 1 / active.length;
      const least = total * share * (1 - balance.tolerance);
      const capacity = rep.capacity[balance.measure]?.max;
      return typeof capacity === 'number' && capacity < least ? [{ rep: rep.name || rep.id, measure: balance.measure, least, capacity }] : [];
    });
  });
}

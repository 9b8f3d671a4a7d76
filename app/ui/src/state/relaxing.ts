// Wishes that cannot be met together: the arithmetic that the page can do by itself, and a relaxation's changes.
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

/** Criteria with a relaxation's changes; null where criteria cannot express one of them (`criteria` may be used up). */
export function relaxed(criteria: Criteria, changes: Change[]): Criteria | null {
  return changes.every((change) => relaxOne(criteria, change)) ? criteria : null;
}

function relaxOne(criteria: Criteria, change: Change): boolean {
  const { kind, measure, after, scope } = change;
  if (kind === 'tolerance' && measure) {
    const balance = criteria.balance.find((one) => one.measure === measure);
    if (balance && typeof after === 'number') balance.tolerance = Math.min(0.99, Math.ceil(after * 1000) / 1000);
    else if (balance) balance.hard = false;
    return Boolean(balance);
  }
  if (kind === 'budget') {
    const budget = scope === 'in' ? criteria.disruption.max_in_per_rep : scope === 'out' ? criteria.disruption.max_out_per_rep : criteria.disruption.max_moved;
    if (measure && measure !== 'accounts') delete budget.share[measure];
    else budget.accounts = typeof after === 'number' ? Math.ceil(after) : null;
    return true;
  }
  if (kind === 'lock') {
    const before = criteria.locks.length;
    criteria.locks = criteria.locks.filter((lock) => lock.account_id !== change.account_id);
    return criteria.locks.length < before;
  }
  if (kind === 'frozen') criteria.frozen_reps = criteria.frozen_reps.filter((rep) => rep !== change.rep_id);
  else if (kind === 'forbid') {
    criteria.forbid = criteria.forbid.filter((pair) => pair.account_id !== change.account_id || pair.rep_id !== change.rep_id);
  } else if (kind === 'eligibility') criteria.eligibility = { soft: 20 };
  else if (kind === 'family') criteria.families = 'off';
  else if (kind === 'unassigned') criteria.unassigned.allowed = true;
  else return false;
  return true;
}

// What a change would do to loads, added up in the page before anything is sent.
import { NOBODY } from '../data/accounts';
import type { View } from './views.svelte';

/** Change of each rep's load by measure if these accounts went to one rep. */
export function givenChange(view: View, rows: Iterable<number>, repId: string): Map<string, Record<string, number>> {
  const result = new Map<string, Record<string, number>>();
  const { accounts, repIds } = view;
  if (!accounts) return result;
  const measures = ['accounts', ...accounts.amounts.keys()];
  const add = (rep: string, measure: string, by: number) => {
    const line = result.get(rep) ?? {};
    line[measure] = (line[measure] ?? 0) + by;
    result.set(rep, line);
  };
  for (const row of rows) {
    const from = accounts.rep[row] === NOBODY ? '' : repIds[accounts.rep[row]!]!;
    if (from === repId) continue;
    for (const measure of measures) {
      const value = accounts.amount(row, measure);
      if (from) add(from, measure, -value);
      add(repId, measure, value);
    }
  }
  return result;
}

/** Sums of a selection by measure. */
export function sums(view: View, rows: Iterable<number>): Record<string, number> {
  const result: Record<string, number> = { accounts: 0 };
  if (!view.accounts) return result;
  for (const row of rows) {
    result.accounts! += 1;
    for (const [measure, column] of view.accounts.amounts) result[measure] = (result[measure] ?? 0) + column[row]!;
  }
  return result;
}

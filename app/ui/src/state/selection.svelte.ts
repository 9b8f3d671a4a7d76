// Accounts that are picked on the map or in the table, by position in the shown alignment, and the tool that picks.
import { SvelteSet } from 'svelte/reactivity';

export type Tool = 'move' | 'lasso' | 'box';

class Selection {
  readonly rows = new SvelteSet<number>();
  tool = $state<Tool>('move');
  hoverRep = $state('');
  /** The rep whom the selection would be given to: the change is shown before it is made. */
  target = $state('');

  clear(): void {
    this.rows.clear();
    this.target = '';
  }

  /** Let go of these, and of the rep they would be given to. */
  remove(rows: Iterable<number>): void {
    for (const row of rows) this.rows.delete(row);
    if (!this.rows.size) this.target = '';
  }

  replace(rows: Iterable<number>): void {
    this.rows.clear();
    for (const row of rows) this.rows.add(row);
  }

  toggle(row: number): void {
    if (!this.rows.delete(row)) this.rows.add(row);
  }
}

export const selection = new Selection();

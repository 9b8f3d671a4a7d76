// Accounts that the pointer carries to a rep: onto a territory, a bar or a row of the table. Where it lets go, they are given.
import { giveTo } from './edits.svelte';
import { selection } from './selection.svelte';
import type { View } from './views.svelte';

type RepAt = (x: number, y: number) => string;

const THRESHOLD = 5;
const places = new Map<Element, RepAt>();
const state = $state({ count: 0, rep: '', x: 0, y: 0 });

/** What is carried now; nothing where `count` is 0. */
export function carried(): Readonly<typeof state> {
  return state;
}

/** An element that tells which rep is at a point of the window. Rows with `data-rep` need none. */
export function dropPlace(node: Element, repAt: RepAt): { destroy: () => void } {
  places.set(node, repAt);
  return { destroy: () => places.delete(node) };
}

/** Begin to carry accounts, once the pointer moves; they become the selection. */
export function carry(event: PointerEvent | MouseEvent, view: View, rows: Iterable<number>): void {
  if (event.button !== 0 || ('pointerType' in event && event.pointerType === 'touch')) return;
  const [startX, startY, taken] = [event.clientX, event.clientY, [...rows]];
  let isCarrying = false;

  function move(at: PointerEvent): void {
    if (!isCarrying && Math.hypot(at.clientX - startX, at.clientY - startY) < THRESHOLD) return;
    if (!isCarrying) begin();
    const rep = repUnder(at.clientX, at.clientY, view);
    Object.assign(state, { rep, x: at.clientX, y: at.clientY });
    selection.target = rep;
    selection.hoverRep = rep;
  }

  function begin(): void {
    isCarrying = true;
    state.count = taken.length;
    if (taken.some((row) => !selection.rows.has(row))) selection.replace(taken);
    document.documentElement.classList.add('carrying');
    void view.loadAmounts();
  }

  function drop(): void {
    const rep = state.rep;
    end();
    if (!isCarrying) return;
    window.addEventListener('click', (click) => click.stopPropagation(), { capture: true, once: true }); // a carry is no click
    window.setTimeout(() => window.dispatchEvent(new MouseEvent('click')), 0);
    if (rep && view.accounts) void giveTo(view, taken.map((row) => view.accounts!.ids[row]!), rep);
  }

  function onKey(key: KeyboardEvent): void {
    if (key.key !== 'Escape') return;
    key.stopPropagation();
    end();
  }

  function end(): void {
    window.removeEventListener('pointermove', move);
    window.removeEventListener('pointerup', drop);
    window.removeEventListener('pointercancel', end);
    window.removeEventListener('keydown', onKey, true);
    document.documentElement.classList.remove('carrying');
    Object.assign(state, { count: 0, rep: '' });
    if (!isCarrying) return;
    selection.target = '';
    selection.hoverRep = '';
  }

  window.addEventListener('pointermove', move);
  window.addEventListener('pointerup', drop);
  window.addEventListener('pointercancel', end);
  window.addEventListener('keydown', onKey, true);
}

/** The active rep at a point of the window; empty where there is none. */
function repUnder(x: number, y: number, view: View): string {
  const under = document.elementFromPoint(x, y);
  const marked = under?.closest<HTMLElement | SVGElement>('[data-rep]');
  let found = marked?.dataset.rep ?? '';
  for (const [place, repAt] of places) if (!found && under && place.contains(under)) found = repAt(x, y);
  return view.scorecard.reps.some((line) => line.rep_id === found && line.active) ? found : '';
}

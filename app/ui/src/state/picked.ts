// The picked accounts in the address, as long as they are few enough to be read there.
import { go, route } from './route.svelte';
import { selection } from './selection.svelte';
import type { View } from './views.svelte';

const MOST = 40;

/** Take the address's picked accounts into an empty selection. */
export function pickAsAddressed(view: View): void {
  if (!view.accounts || selection.rows.size || !route.picked) return;
  const rows = route.picked.split(',').map((id) => view.accounts!.position(decodeURIComponent(id)));
  selection.replace(rows.filter((row) => row >= 0));
}

/** Write what is picked to the address; nothing where it is too much. */
export function addressPicked(view: View): void {
  const { rows } = selection;
  const picked = rows.size > MOST || !view.accounts ? '' : Array.from(rows, (row) => encodeURIComponent(view.accounts!.ids[row]!)).join(',');
  if (picked !== route.picked) go({ picked }, { quiet: true });
}

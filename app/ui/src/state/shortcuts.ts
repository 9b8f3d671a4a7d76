// Keys that work anywhere but in a field.
import { go, route, type Tab } from './route.svelte';
import { selection } from './selection.svelte';
import { workspace } from './workspace.svelte';

const TABS: Record<string, Tab> = { '1': 'reps', '2': 'accounts', '3': 'moves', '4': 'violations' };

export function onShortcut(event: KeyboardEvent, onHelp: () => void): void {
  const isField = event.target instanceof Element && event.target.closest('input, select, textarea, dialog');
  if (isField) return;
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (key === 'z' && !event.shiftKey) workspace.undo();
    else if (key === 'y' || (key === 'z' && event.shiftKey)) workspace.redo();
    else return;
    event.preventDefault();
    return;
  }
  if (event.altKey || !route.dataset) {
    if (key === '?') onHelp();
    return;
  }
  const tab = TABS[key];
  if (tab) go({ tab: route.tab === tab ? '' : tab });
  else if (key === '?') onHelp();
  else if (key === 'l') selection.tool = selection.tool === 'lasso' ? 'move' : 'lasso';
  else if (key === 'r') selection.tool = selection.tool === 'box' ? 'move' : 'box';
  else if (key === 'g') document.getElementById('give-to')?.focus();
  else if (key === 'b') go({ swipe: !route.swipe }, { quiet: true });
  else if (key === 'p') go({ points: !route.points }, { quiet: true });
  else if (key === 'm') go({ arcs: !route.arcs }, { quiet: true });
  else if (key === 'escape') escape();
  else return;
  event.preventDefault();
}

/** Let go of one thing at a time: the tool, the selection, the account, the rep. */
function escape(): void {
  if (selection.tool !== 'move') selection.tool = 'move';
  else if (selection.rows.size) selection.clear();
  else if (route.account) go({ account: '' });
  else if (route.rep) go({ rep: '' });
}

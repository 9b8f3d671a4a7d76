// Changes by hand: each makes a new alignment, so undo is going back to the one before.
import { alignmentPath, asProblem, post, type Alignment, type Job, type Problem } from '../api/client';
import { access } from './access.svelte';
import { t } from '../i18n/language.svelte';
import { go, route } from './route.svelte';
import { selection } from './selection.svelte';
import type { View } from './views.svelte';
import { workspace } from './workspace.svelte';

const state = $state({ isSaving: false, problem: null as Problem | null });

/** Whether this alignment can be changed by hand, by this caller; accounts are given to reps, not to managers. */
export function isEditable(): boolean {
  return workspace.view?.level === 0 && access.may('write');
}

export function isSaving(): boolean {
  return state.isSaving;
}

export function editProblem(): Problem | null {
  return state.problem;
}

/** Give accounts to a rep, and on wish lock them there. */
export async function giveTo(view: View, accountIds: string[], repId: string, isLocking = false): Promise<void> {
  await edit(view, { moves: accountIds.map((account_id) => ({ account_id, rep_id: repId, lock: isLocking })) });
}

/** Lock accounts where they are. */
export async function lock(view: View, accountIds: string[]): Promise<void> {
  await edit(view, { locks: accountIds });
}

/** Let accounts go, whatever locked them. */
export async function unlock(view: View, accountIds: string[]): Promise<void> {
  await edit(view, { unlocks: accountIds });
}

/** Solve again around what was changed by hand: those touched and their neighbors. */
export async function reoptimize(view: View): Promise<void> {
  await edit(view, { reoptimize: 'touched' });
}

/** Make one change at a time; who opens another plan or selects more meanwhile keeps that. */
async function edit(view: View, body: Record<string, unknown>): Promise<void> {
  if (state.isSaving) return;
  state.isSaving = true;
  state.problem = null;
  const picked = [...selection.rows];
  try {
    const made = await post<Alignment | Job>(alignmentPath(view.id, '/edits'), { ...body, name: editName(view) });
    selection.remove(picked);
    if (route.alignment === view.id) {
      workspace.undone = [];
      if ('state' in made) go({ job: made.id });
      else go({ alignment: made.id });
    }
    await workspace.refreshPlans();
  } catch (error) {
    state.problem = asProblem(error);
  } finally {
    state.isSaving = false;
  }
}

function editName(view: View): string {
  const root = view.alignment.origin.kind === 'import' ? t('plans.current') : view.alignment.name.split(' · ')[0]!;
  const number = workspace.plans.filter((plan) => plan.origin.kind === 'edit').length + 1;
  return `${root} · ${t('edit.name', { n: number })}`;
}

// How a measure is called and counted.
import type { Alignment } from '../api/client';
import { language, locale, number, short, t, type Key } from '../i18n/language.svelte';
import { workspace } from './workspace.svelte';

const NAMES: Record<string, Key> = { workload: 'measure.workload', potential: 'measure.potential', accounts: 'measure.accounts' };
const UNITS: Record<string, Key> = { workload: 'unit.hours', accounts: 'unit.accounts' };

export function measureName(measure: string): string {
  const key = NAMES[measure];
  return key ? t(key) : measure;
}

/** A measure within a sentence. */
export function measureInline(measure: string): string {
  const name = measureName(measure);
  return measure in NAMES && language() !== 'de' ? name.toLocaleLowerCase(locale()) : name;
}

export function measureUnit(measure: string): string {
  const key = UNITS[measure];
  return key ? t(key) : '';
}

/** How a plan is called: what came with the data is today; what was solved around an edit is called after the edit. */
export function planName(plan: Alignment): string {
  if (plan.origin.kind === 'import') return t('plans.current');
  const edit = workspace.plans.find((one) => one.id === plan.origin.parent_id && one.origin.kind === 'edit');
  const isNamedByScenario = workspace.scenarios.some((one) => one.id === plan.scenario_id && one.name === plan.name);
  return plan.origin.kind === 'job' && edit && isNamedByScenario ? t('plans.reoptimized', { name: edit.name }) : plan.name;
}

/** Amounts of several measures in one line. */
export function amounts(values: Iterable<[string, number]>): string {
  return Array.from(values, ([measure, value]) => `${measureName(measure)} ${amount(value, measure)}`).join(' · ');
}

/** An amount with its unit. */
export function amount(value: number | null | undefined, measure: string): string {
  const text = Math.abs(value ?? 0) >= 100_000 ? short(value) : number(value, Math.abs(value ?? 0) < 100 ? 1 : 0);
  const unit = measureUnit(measure);
  return unit ? `${text} ${unit}` : text;
}

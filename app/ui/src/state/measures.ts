// How a measure is called and counted.
import type { Alignment } from '../api/client';
import { language, locale, number, short, t, type Key } from '../i18n/language.svelte';
import { question } from './criteria.svelte';
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

/**
 * What the kilometers of a plan are multiplied by: a plan's own are those of roads already; without criteria, as of
 * today's state, they are straight lines, and count as the question in the form counts them.
 */
export function roadFactor(plan: Alignment): number {
  const { source, road_factor: factor } = question.criteria.travel;
  return plan.scenario_id || source !== 'great_circle' ? 1 : factor;
}

/** Amounts of several measures in one line. */
export function amounts(values: Iterable<[string, number]>): string {
  return Array.from(values, ([measure, value]) => `${measureName(measure)} ${amount(value, measure)}`).join(' · ');
}

/** The band that is looked at where a measure has no tolerance. */
export const USUAL_TOLERANCE = 0.15;
const MOST_PLACES = 3;

/** Whether an index lies within the tolerance, a fraction, around the fair share. */
export function isInBand(index: number, tolerance: number): boolean {
  return Math.abs(index / 100 - 1) <= tolerance + 1e-9;
}

/** An index with the fewest decimals that lie on its side of the band's edge: 110.04 is no 110 of ±10 %. */
export function indexText(index: number | null | undefined, tolerance: number | null | undefined, least = 0): string {
  if (typeof index !== 'number' || !Number.isFinite(index)) return number(index);
  const band = tolerance ?? USUAL_TOLERANCE;
  let places = least;
  while (places < MOST_PLACES && isInBand(Number(index.toFixed(places)), band) !== isInBand(index, band)) places += 1;
  return number(index, places);
}

/** An amount with its unit. */
export function amount(value: number | null | undefined, measure: string): string {
  const text = Math.abs(value ?? 0) >= 100_000 ? short(value) : number(value, Math.abs(value ?? 0) < 100 ? 1 : 0);
  const unit = measureUnit(measure);
  return unit ? `${text} ${unit}` : text;
}

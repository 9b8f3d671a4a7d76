// How the import's tables and fields are called.
import { t, type Key } from '../i18n/language.svelte';
import { measureName } from './measures';

const TABLES: Record<string, Key> = { accounts: 'start.accounts', reps: 'start.reps' };
const LIMITS: Record<string, Key> = { min: 'field.min', max: 'field.max', target: 'field.target' };
const PLAIN = new Set<string>([
  ...['id', 'name', 'lat', 'lon', 'parent_id', 'unit_id', 'postal_code', 'country', 'current_rep_id', 'locked', 'requires'],
  ...['visits_per_year', 'hours_per_visit', 'fte', 'active', 'skills', 'max_distance_km', 'manager_id'],
]);

/** A table in the reader's words; other names as they are. */
export function tableName(name: string | null | undefined): string {
  const key = TABLES[name ?? ''];
  return key ? t(key) : (name ?? '');
}

/** What a column means, in the reader's words; other names as they are. */
export function fieldName(field: string): string {
  if (PLAIN.has(field)) return t(`field.${field}` as Key);
  const [kind, rest] = [field.slice(0, field.indexOf(':')), field.slice(field.indexOf(':') + 1)];
  if (kind === 'measure') return measureName(rest);
  if (kind === 'attribute') return t('columns.attribute');
  const limit = LIMITS[kind];
  return limit ? t(limit, { measure: measureName(rest) }) : field;
}

// What each column of a dropped file means: the service's own names (a test holds columns.json to them), shown
// before the upload so that a wrong guess is mended with a click. What is shown is what is sent.
import names from './columns.json';

export type Table = 'accounts' | 'reps';
export const LEFT_OUT = '';
/** Numbers become measures and texts attributes; the service decides by the values. */
export const BY_VALUES = 'auto';

const SALESFORCE_SIGNS = ['OwnerId', 'BillingLatitude', 'BillingPostalCode', 'IsActive', 'ManagerId'];
const NAMED_MEASURES = ['workload', 'potential'];

export type Source = 'salesforce' | 'hubspot' | 'file';

export function sourceOf(columns: string[], table: Table): Source {
  if (columns.includes('Id') && SALESFORCE_SIGNS.some((sign) => columns.includes(sign))) return 'salesforce';
  if (columns.includes('Record ID') || (table === 'reps' && columns.includes('User ID'))) return 'hubspot';
  return 'file';
}

/** The field of each column, by position. A field that several columns may be is the best one's, by the tables' order. */
export function guess(columns: string[], table: Table): string[] {
  const source = sourceOf(columns, table);
  const crm: Record<string, string> = source === 'file' ? {} : names[source][table];
  const order = [...Object.keys(crm), ...Object.keys(names.aliases[table])];
  const fields = columns.map((column) => crm[column] ?? usual(column, table));
  const rank = (at: number) => order.indexOf(columns[at]! in crm ? columns[at]! : plainName(columns[at]!));
  const best = new Map<string, number>();
  fields.forEach((field, at) => {
    const known = best.get(field);
    if (known === undefined || rank(at) < rank(known)) best.set(field, at);
  });
  return fields.map((field, at) => (field === BY_VALUES || best.get(field) === at ? field : LEFT_OUT));
}

/** The fields that a column can be given, in the order of the menu. */
export function choices(table: Table): string[] {
  const more = table === 'accounts' ? ['measure:workload', 'measure:potential'] : ['max:workload'];
  return [...names.fields[table].filter((field) => field !== 'located_by'), ...more];
}

export function fileTable(name: string): Table | null {
  if (/rep|owner|user|team|seller|vertrieb|mitarbeiter|dienst|handlow|pracowni|temsilci|担当|社員|営業|менеджер|сотрудник/i.test(name)) return 'reps';
  if (/acc|customer|compan|kunden|client|klien|firm|müşteri|musteri|顧客|得意先|клиент/i.test(name)) return 'accounts';
  return null;
}

function plainName(column: string): string {
  return column
    .trim()
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/[^\p{L}\p{N}_]+/gu, '_')
    .replace(/^_+|_+$/g, '');
}

function usual(column: string, table: Table): string {
  const plain = plainName(column);
  if (!plain) return LEFT_OUT;
  if (names.fields[table].includes(plain)) return plain;
  if (table === 'accounts' && NAMED_MEASURES.includes(plain)) return `measure:${plain}`;
  if (table === 'reps') {
    const limit = /^(.+)_(min|max|target)$/.exec(column.trim());
    if (limit) return `${limit[2]}:${limit[1]}`;
  }
  const aliases: Record<string, string> = names.aliases[table];
  return aliases[plain] ?? BY_VALUES;
}

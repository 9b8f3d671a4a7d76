// The one place that speaks HTTP: JSON in and out, problem documents as errors.
import { ask } from './credential';
import type { components } from './schema';

type Schemas = components['schemas'];
/** Answers hold every field, also where a request may leave it out. */
type Filled<T> = T extends (infer Item)[] ? Filled<Item>[] : T extends object ? { [Name in keyof T]-?: Filled<T[Name]> } : T;
export type Dataset = Schemas['DatasetSummary'];
export type DatasetPreview = Schemas['DatasetPreview'];
export type RepItem = Schemas['RepItem'];
export type AccountItem = Schemas['AccountItem'];
export type Criteria = Filled<Schemas['Criteria']>;
export type Search = Filled<Schemas['Search']>;
export type Scenario = Filled<Schemas['ScenarioResource']>;
export type Job = Schemas['JobResource'];
export type Progress = Schemas['Progress'];
export type Alignment = Schemas['Alignment'];
export type Violation = Schemas['Violation'];
export type Scorecard = Schemas['Scorecard'];
export type RepLine = Schemas['RepLine'];
export type Team = Schemas['Team'];
export type Assignment = Schemas['Assignment'];
export type Move = Schemas['Move'];
export type Comparison = Schemas['DiffedComparison'];
export type Explanation = Schemas['Explanation'];
export type Relaxation = Schemas['RelaxationResource'];
export type Conflict = Schemas['ConflictResource'];
export type Alternative = Explanation['alternatives'][number];
export type Curve = Schemas['CurveResource'];
export type CurvePoint = Schemas['PointResource'];
export type Diagnosis = Schemas['Diagnosis'];
export type Caller = Schemas['CallerResource'];

export interface Fault {
  code: string;
  detail: string;
  fix?: string | null;
  file?: string | null;
  row?: number | null;
  column?: string | null;
  value?: unknown;
  pointer?: string | null;
  params?: Record<string, unknown> | null;
  severity?: string;
}

export interface Page<Item> {
  items: Item[];
  next_page_token: string | null;
  total_size: number;
}

/** A problem document (RFC 9457), or a service that cannot be reached (status 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly fix = '',
    readonly faults: Fault[] = [],
    readonly total = 0,
    readonly params: Record<string, unknown> = {},
  ) {
    super(detail);
    this.name = 'Problem';
  }
}

export const PAGE_SIZE = 10_000;

/** The address of an endpoint; relative, so that a proxy's path prefix stays. */
export function address(path: string, query: Record<string, string | number | undefined> = {}): string {
  const url = new URL(path.replace(/^\//, ''), document.baseURI);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
  return url.href;
}

export function alignmentPath(id: string, rest = ''): string {
  return `v1/alignments/${encodeURIComponent(id)}${rest}`;
}

export async function get<Body>(
  path: string,
  query: Record<string, string | number | undefined> = {},
  signal?: AbortSignal,
): Promise<Body> {
  return send<Body>(address(path, query), { signal });
}

export async function post<Body>(path: string, body: unknown = {}): Promise<Body> {
  return send<Body>(address(path), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': newKey() },
    body: JSON.stringify(body),
  });
}

/** A file and the name that the service gives it. */
export async function download(path: string): Promise<{ name: string; blob: Blob }> {
  const response = await ask(address(path));
  if (!response.ok) throw await problemOf(response);
  const said = response.headers.get('Content-Disposition') ?? '';
  const whole = /filename\*=UTF-8''([^;]+)/.exec(said)?.[1];
  return { name: whole ? decodeURIComponent(whole) : (/filename="([^"]+)"/.exec(said)?.[1] ?? path.split('/').at(-1)!), blob: await response.blob() };
}

export async function upload<Body>(path: string, form: FormData): Promise<Body> {
  return send<Body>(address(path), { method: 'POST', headers: { 'Idempotency-Key': newKey() }, body: form });
}

export async function patch<Body>(path: string, body: unknown): Promise<Body> {
  return send<Body>(address(path), {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
}

export async function remove(path: string): Promise<void> {
  await send(address(path), { method: 'DELETE' });
}

/** Every item of a list, page by page; `onPage` sees each as it comes. */
export async function getAll<Item>(
  path: string,
  query: Record<string, string | number | undefined> = {},
  options: { signal?: AbortSignal; onPage?: (items: Item[], total: number) => void } = {},
): Promise<Item[]> {
  const items: Item[] = [];
  let token: string | undefined;
  do {
    const page: Page<Item> = await get(path, { page_size: PAGE_SIZE, ...query, page_token: token }, options.signal);
    items.push(...page.items);
    options.onPage?.(page.items, page.total_size);
    token = page.next_page_token ?? undefined;
  } while (token);
  return items;
}

export function isAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem(0, 'UNREACHABLE', error instanceof Error ? error.message : String(error));
}

async function send<Body>(url: string, init: RequestInit): Promise<Body> {
  const response = await ask(url, { ...init, headers: { Accept: 'application/json', ...init.headers } });
  if (!response.ok) throw await problemOf(response);
  if (response.status === 204) return undefined as Body;
  return (await response.json()) as Body;
}

export async function problemOf(response: Response): Promise<Problem> {
  try {
    const body = await response.json();
    return new Problem(
      response.status,
      body.code ?? '',
      body.detail ?? response.statusText,
      body.fix ?? '',
      body.errors ?? [],
      body.errors_total ?? 0,
      body.params ?? {},
    );
  } catch {
    return new Problem(response.status, '', response.statusText || `HTTP ${response.status}`);
  }
}

function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `ui-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

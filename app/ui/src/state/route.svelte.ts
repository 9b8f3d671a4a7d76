// What the address bar holds: every view has its own address, and a reload loses nothing.

export type Fill = 'rep' | 'index' | 'change';
export type Tab = 'reps' | 'accounts' | 'moves' | 'violations';
export type Room = 'plan' | 'compare';

export interface Route {
  dataset: string;
  alignment: string;
  job: string;
  /** The alignment that is compared with, and how: a divider on the map, or two maps. */
  with: string;
  room: Room;
  swipe: boolean;
  /** Where the divider stands, as a share of the map's width. */
  divider: string;
  rep: string;
  account: string;
  measure: string;
  /** The level of the hierarchy that is seen, from 1 at the top; empty for every rep. */
  level: string;
  fill: Fill;
  points: boolean;
  arcs: boolean;
  tab: Tab | '';
  /** Words that the table is searched for. */
  find: string;
  /** Picked accounts, by id, where they are few. */
  picked: string;
  /** Zoom, latitude and longitude of the map. */
  at: string;
}

/** The view of nothing: the list of datasets. */
export const EMPTY: Route = {
  dataset: '',
  alignment: '',
  job: '',
  with: '',
  room: 'plan',
  swipe: false,
  divider: '',
  rep: '',
  account: '',
  measure: '',
  level: '',
  fill: 'rep',
  points: true,
  arcs: false,
  tab: '',
  find: '',
  picked: '',
  at: '',
};

export const route: Route = $state(read());

/** Change the address; a new entry in the browser's history unless `quiet`. */
export function go(change: Partial<Route>, options: { quiet?: boolean } = {}): void {
  Object.assign(route, change);
  const address = link({});
  if (address === location.href) return;
  if (options.quiet) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
}

/** The address of this view with some changes, to be shared. */
export function link(change: Partial<Route>): string {
  const url = new URL(location.href);
  url.search = '';
  url.hash = '';
  for (const [name, value] of Object.entries({ ...route, ...change })) {
    if (value !== EMPTY[name as keyof Route]) url.searchParams.set(name, value === true ? '1' : value === false ? '0' : value);
  }
  return url.href;
}

export function followHistory(): () => void {
  const onPop = () => Object.assign(route, read());
  window.addEventListener('popstate', onPop);
  return () => window.removeEventListener('popstate', onPop);
}

function read(): Route {
  const given = new URLSearchParams(location.search);
  const result: Record<string, string | boolean> = { ...EMPTY };
  for (const [name, empty] of Object.entries(EMPTY)) {
    const value = given.get(name);
    if (value === null) continue;
    result[name] = typeof empty === 'boolean' ? value === '1' : value;
  }
  return result as unknown as Route;
}

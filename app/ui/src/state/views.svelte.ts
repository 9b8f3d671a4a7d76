// One alignment as the page shows it. Alignments never change, so what was loaded once is kept.
import { address, alignmentPath, get, getAll, type Alignment, type Assignment, type Scorecard } from '../api/client';
import { Accounts } from '../data/accounts';
import type { Home } from '../data/accounts.worker';
import { readMap } from '../data/reading';

export interface TerritoryProperties {
  rep_id: string;
  rep_name: string;
  color: string;
  active: boolean;
  accounts: number;
}
export type Territories = GeoJSON.FeatureCollection<GeoJSON.MultiPolygon, TerritoryProperties>;

export class View {
  readonly id: string;
  alignment = $state.raw<Alignment>()!;
  scorecard = $state.raw<Scorecard>()!;
  territories = $state.raw<Territories | null>(null);
  accounts = $state.raw<Accounts | null>(null);
  homes = $state.raw<Home[]>([]);
  /** Whether every account's amounts are here. */
  hasAmounts = $state(false);
  /** When the map's parts are here too. */
  whole: Promise<void> = Promise.resolve();
  private amounts?: Promise<void>;

  constructor(alignment: Alignment, scorecard: Scorecard) {
    this.id = alignment.id;
    this.alignment = alignment;
    this.scorecard = scorecard;
  }

  get repIds(): string[] {
    return this.scorecard.reps.map((rep) => rep.rep_id);
  }

  color(repId: string): string {
    return this.colors.get(repId) ?? '#8a8f98';
  }

  private colors = $derived(
    new Map((this.territories?.features ?? []).map((feature) => [feature.properties.rep_id, feature.properties.color])),
  );

  /** Load every account's amounts, once. */
  async loadAmounts(): Promise<void> {
    this.amounts ??= this.fetchAmounts();
    return this.amounts;
  }

  private async fetchAmounts(): Promise<void> {
    await getAll<Assignment>(alignmentPath(this.id, '/assignments'), {}, { onPage: (items) => this.accounts?.fill(items) });
    this.hasAmounts = true;
  }
}

const kept = new Map<string, View>();
const MOST_KEPT = 8;

/** Open an alignment: its numbers first, its map as soon as it comes; or all of it at once, so that nothing flickers. */
export async function openView(id: string, { isWhole = false } = {}): Promise<View> {
  const known = kept.get(id);
  if (known) {
    if (isWhole) await known.whole;
    return known;
  }
  const [alignment, scorecard] = await Promise.all([
    get<Alignment>(alignmentPath(id)),
    get<Scorecard>(alignmentPath(id, '/scorecard')),
  ]);
  const view = new View(alignment, scorecard);
  kept.set(id, view);
  for (const oldest of kept.keys()) {
    if (kept.size <= MOST_KEPT) break;
    kept.delete(oldest);
  }
  view.whole = loadMap(view);
  view.whole.catch(() => kept.delete(id));
  if (isWhole) await view.whole;
  return view;
}

export function forgetView(id: string): void {
  kept.delete(id);
}

async function loadMap(view: View): Promise<void> {
  const territories = get<Territories>(alignmentPath(view.id, '/territories')).then((found) => {
    view.territories = found;
  });
  const points = readMap(address(alignmentPath(view.id, '/map')), view.repIds).then(({ columns, zooms, points, homes }) => {
    view.accounts = new Accounts(columns, zooms, points);
    view.homes = homes;
  });
  await Promise.all([territories, points]);
}

// One alignment as the page shows it. Alignments never change, so what was loaded once is kept.
import { address, alignmentPath, get, getAll, type Alignment, type Assignment, type Scorecard } from '../api/client';
import { Accounts } from '../data/accounts';
import type { Home, Ranks } from '../data/accounts.worker';
import { readMap } from '../data/reading';

export interface TerritoryProperties {
  rep_id: string;
  rep_name: string;
  color: string;
  active: boolean;
  accounts: number;
}
export type Territories = GeoJSON.FeatureCollection<GeoJSON.MultiPolygon, TerritoryProperties>;

/** Small enough that reading a page never holds up the page. */
const AMOUNTS_PAGE = 4000;

export class View {
  readonly id: string;
  alignment = $state.raw<Alignment>()!;
  scorecard = $state.raw<Scorecard>()!;
  territories = $state.raw<Territories | null>(null);
  accounts = $state.raw<Accounts | null>(null);
  homes = $state.raw<Home[]>([]);
  /** The accounts' order by name and by id, a moment after the accounts. */
  ranks = $state.raw<Ranks | null>(null);
  /** Whether every account's amounts are here. */
  hasAmounts = $state(false);
  /** When the map's parts are here too. */
  whole: Promise<void> = Promise.resolve();
  private amounts?: Promise<void>;

  /** `level` is that of the hierarchy, 0 for the reps themselves: managers then stand in their place. */
  constructor(
    alignment: Alignment,
    scorecard: Scorecard,
    readonly level = 0,
  ) {
    this.id = alignment.id;
    this.alignment = alignment;
    this.scorecard = scorecard;
  }

  get repIds(): string[] {
    return this.scorecard.reps.map((rep) => rep.rep_id);
  }

  /** The rep's color; `other` where this plan does not have the rep. */
  color(repId: string, other = '#8a8f98'): string {
    return this.colors.get(repId) ?? other;
  }

  private colors = $derived(
    new Map((this.territories?.features ?? []).map((feature) => [feature.properties.rep_id, feature.properties.color])),
  );

  /** Load every account's amounts, once; where that fails, the next wish tries again. */
  async loadAmounts(): Promise<void> {
    this.amounts ??= this.fetchAmounts().catch(() => (this.amounts = undefined));
    return this.amounts;
  }

  private async fetchAmounts(): Promise<void> {
    await this.whole; // the accounts that the amounts are written to
    await getAll<Assignment>(alignmentPath(this.id, '/assignments'), { page_size: AMOUNTS_PAGE }, { onPage: (items) => this.accounts?.fill(items) });
    this.hasAmounts = true;
  }
}

const kept = new Map<string, View>();
const MOST_KEPT = 8;

/** Open an alignment: its numbers first, its map as soon as it comes; or all of it at once, so that nothing flickers. */
export async function openView(id: string, { isWhole = false, level = 0 } = {}): Promise<View> {
  const key = `${id} ${level}`;
  const known = kept.get(key);
  if (known) {
    if (isWhole) await known.whole;
    return known;
  }
  const [alignment, scorecard] = await Promise.all([
    get<Alignment>(alignmentPath(id)),
    get<Scorecard>(alignmentPath(id, '/scorecard'), { level: level || undefined }),
  ]);
  const view = new View(alignment, scorecard, level);
  kept.set(key, view);
  for (const oldest of kept.keys()) {
    if (kept.size <= MOST_KEPT) break;
    kept.delete(oldest);
  }
  view.whole = loadMap(view);
  view.whole.catch(() => kept.delete(key));
  if (isWhole) await view.whole;
  return view;
}

async function loadMap(view: View): Promise<void> {
  const territories = get<Territories>(alignmentPath(view.id, '/territories'), { level: view.level || undefined }).then((found) => {
    view.territories = found;
  });
  const points = readMap(address(alignmentPath(view.id, '/map'), { level: view.level || undefined }), view.repIds).then(({ columns, zooms, points, homes, ranks }) => {
    view.accounts = new Accounts(columns, zooms, points);
    view.homes = homes;
    void ranks.then((found) => (view.ranks = found));
  });
  await Promise.all([territories, points]);
}

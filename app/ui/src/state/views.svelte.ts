// One alignment as the page shows it. Alignments never change, so what was loaded once is kept.
import { alignmentPath, get, getAll, type Alignment, type Assignment, type Scorecard } from '../api/client';
import { Accounts, type PointFeature } from '../data/accounts';

export interface TerritoryProperties {
  rep_id: string;
  rep_name: string;
  color: string;
  active: boolean;
  accounts: number;
}
export type Territories = GeoJSON.FeatureCollection<GeoJSON.MultiPolygon, TerritoryProperties>;

export interface Home {
  repId: string;
  lon: number;
  lat: number;
  active: boolean;
}

export class View {
  readonly id: string;
  alignment = $state.raw<Alignment>()!;
  scorecard = $state.raw<Scorecard>()!;
  territories = $state.raw<Territories | null>(null);
  accounts = $state.raw<Accounts | null>(null);
  homes = $state.raw<Home[]>([]);
  /** Whether every account's amounts are here. */
  hasAmounts = $state(false);
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

/** Open an alignment: its numbers first, its map as soon as it comes. */
export async function openView(id: string): Promise<View> {
  const known = kept.get(id);
  if (known) return known;
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
  void loadMap(view).catch(() => kept.delete(id));
  return view;
}

export function forgetView(id: string): void {
  kept.delete(id);
}

async function loadMap(view: View): Promise<void> {
  const territories = get<Territories>(alignmentPath(view.id, '/territories')).then((found) => {
    view.territories = found;
  });
  const points = get<{ features: PointFeature[] }>(alignmentPath(view.id, '/map')).then(({ features }) => {
    view.accounts = new Accounts(features, view.repIds);
    view.homes = features
      .filter(({ properties }) => properties.kind === 'rep')
      .map(({ geometry, properties }) => ({
        repId: properties.rep_id ?? '',
        lon: geometry.coordinates[0],
        lat: geometry.coordinates[1],
        active: properties.active ?? true,
      }));
  });
  await Promise.all([territories, points]);
}

// The question being asked: criteria as the form holds them, from a scenario, or fresh for a dataset.
import { relaxed, type Change } from './relaxing';
import type { Criteria, Dataset, RepItem, Scenario } from '../api/client';

type Balance = Criteria['balance'][number];

/** What was written into the form and not yet asked. */
interface Draft {
  source: string;
  criteria: Criteria;
  timeLimitS: number;
}

const KEPT = 'territory.questions';
const MOST_KEPT = 8;

class Question {
  criteria = $state<Criteria>(emptyCriteria());
  timeLimitS = $state(30);
  name = $state('');
  /** The dataset and scenario that the form was filled from. */
  private filledFrom = '';
  /** The criteria that it was filled with, as text: what differs was written by the reader. */
  private filled = '';
  /** What was written into the form and not yet asked, by the question that it began with; the newest last. */
  private readonly drafts = keptDrafts();

  /** Fill the form from a plan's question, or with what the reader had written into it before. */
  fill(dataset: Dataset, reps: RepItem[], scenario: Scenario | null): void {
    const source = sourceOf(dataset.id, scenario);
    if (source === this.filledFrom) return;
    this.filledFrom = source;
    const isOwn = scenario?.dataset_id === dataset.id;
    const criteria = isOwn ? structuredClone(scenario!.criteria) : firstCriteria(dataset, reps);
    const own = this.drafts.get(source);
    // where no plan's question is open, what was written last for this dataset is what the reader left
    const draft = own ?? (isOwn ? undefined : [...this.drafts.values()].findLast((one) => one.source.startsWith(`${dataset.id} `)));
    this.filled = JSON.stringify(draft && !own ? draft.criteria : criteria);
    this.criteria = draft ? structuredClone(draft.criteria) : criteria;
    if (draft) this.timeLimitS = draft.timeLimitS;
    else if (isOwn) this.timeLimitS = scenario!.search.time_limit_s;
  }

  /** Keep what was written, so that neither a look at another plan nor a reload loses it. */
  keep(): void {
    const { filledFrom: source, timeLimitS } = this;
    const criteria = $state.snapshot(this.criteria) as Criteria;
    if (!source) return;
    const isChanged = JSON.stringify(criteria) !== this.filled;
    if (!this.drafts.delete(source) && !isChanged) return;
    if (isChanged) this.drafts.set(source, { source, criteria, timeLimitS });
    keepDrafts(this.drafts);
  }

  /** What was sent of the form is a scenario now: its criteria take the form's place, unless somebody wrote meanwhile. */
  stored(scenario: Scenario, sent: Criteria): void {
    this.filledFrom = sourceOf(scenario.dataset_id, scenario);
    this.filled = JSON.stringify(scenario.criteria);
    if (JSON.stringify(this.criteria) === JSON.stringify(sent)) this.criteria = structuredClone(scenario.criteria);
  }

  balanceOf(measure: string): Balance | undefined {
    return this.criteria.balance.find((balance) => balance.measure === measure);
  }

  setBalanced(measure: string, isOn: boolean, reps: RepItem[]): void {
    const rest = this.criteria.balance.filter((balance) => balance.measure !== measure);
    this.criteria.balance = isOn ? [...rest, newBalance(measure, reps, false)] : rest;
  }

  /** Whether the form can express all of a relaxation's changes. */
  canRelax(changes: Change[]): boolean {
    return relaxed($state.snapshot(this.criteria) as Criteria, changes) !== null;
  }

  /** Take a relaxation's changes, all or none; true where they were taken. */
  relax(changes: Change[]): boolean {
    const criteria = relaxed($state.snapshot(this.criteria) as Criteria, changes);
    if (criteria) this.criteria = criteria;
    return criteria !== null;
  }
}

export const question = new Question();

function sourceOf(datasetId: string, scenario: Scenario | null): string {
  return `${datasetId} ${scenario?.id ?? ''}`;
}

function keepDrafts(drafts: Map<string, Draft>): void {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify([...drafts.values()].slice(-MOST_KEPT)));
  } catch {
    // no storage, or more locks than it holds: then a reload loses the form, no more
  }
}

function keptDrafts(): Map<string, Draft> {
  try {
    const drafts = JSON.parse(sessionStorage.getItem(KEPT) ?? '[]') as Draft[];
    return new Map(drafts.map((draft) => [draft.source, draft]));
  } catch {
    return new Map();
  }
}

function newBalance(measure: string, reps: RepItem[], hard: boolean): Balance {
  const isUneven = reps.some((rep) => rep.active && rep.fte !== 1);
  return { measure, target: isUneven ? 'fte' : 'equal', tolerance: hard ? 0.05 : 0.1, hard, weight: 50 };
}

/** A fair start: workload within 5 % for sure, potential near 10 %, travel and disruption as dear as each other. */
function firstCriteria(dataset: Dataset, reps: RepItem[]): Criteria {
  const names = dataset.measures.map((measure) => measure.name);
  const criteria = emptyCriteria();
  if (names.includes('workload')) criteria.balance.push(newBalance('workload', reps, true));
  if (names.includes('potential')) criteria.balance.push({ ...newBalance('potential', reps, false), weight: 60 });
  if (!criteria.balance.length) criteria.balance.push(newBalance(names.find((name) => name !== 'accounts') ?? 'accounts', reps, false));
  criteria.disruption.measure = names.includes('potential') ? 'potential' : 'accounts';
  return criteria;
}

function emptyCriteria(): Criteria {
  return {
    balance: [],
    travel: { weight: 30, source: 'great_circle', road_factor: 1.3, barriers: [] },
    compactness: { weight: 0 },
    disruption: {
      weight: 30,
      measure: 'accounts',
      max_moved: { accounts: null, share: {} },
      max_in_per_rep: { accounts: null, share: {} },
      max_out_per_rep: { accounts: null, share: {} },
    },
    families: 'together',
    eligibility: 'hard',
    contiguity: 'off',
    centers: { candidates: 'accounts' },
    locks: [],
    forbid: [],
    frozen_reps: [],
    unassigned: { allowed: false, weight: 100 },
  };
}

// The question being asked: criteria as the form holds them, from a scenario, or fresh for a dataset.
import { relaxed, type Change } from './relaxing';
import type { Criteria, Dataset, RepItem, Scenario } from '../api/client';

type Balance = Criteria['balance'][number];

class Question {
  criteria = $state<Criteria>(emptyCriteria());
  timeLimitS = $state(30);
  name = $state('');
  /** The dataset and scenario that the form was filled from. */
  private filledFrom = '';

  fill(dataset: Dataset, reps: RepItem[], scenario: Scenario | null): void {
    const source = sourceOf(dataset.id, scenario);
    if (source === this.filledFrom) return;
    this.filledFrom = source;
    if (scenario && scenario.dataset_id === dataset.id) {
      this.criteria = structuredClone(scenario.criteria);
      this.timeLimitS = scenario.search.time_limit_s;
    } else this.criteria = firstCriteria(dataset, reps);
  }

  /** What was sent of the form is a scenario now: its criteria take the form's place, unless somebody wrote meanwhile. */
  stored(scenario: Scenario, sent: Criteria): void {
    this.filledFrom = sourceOf(scenario.dataset_id, scenario);
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

// The question being asked: criteria as the form holds them, from a scenario, or fresh for a dataset.
import type { Change } from './relaxing';
import type { Criteria, Dataset, RepItem, Scenario } from '../api/client';

type Balance = Criteria['balance'][number];

class Question {
  criteria = $state<Criteria>(emptyCriteria());
  timeLimitS = $state(30);
  name = $state('');
  /** The dataset and scenario that the form was filled from. */
  private filledFrom = '';

  fill(dataset: Dataset, reps: RepItem[], scenario: Scenario | null): void {
    const source = `${dataset.id} ${scenario?.id ?? ''}`;
    if (source === this.filledFrom) return;
    this.filledFrom = source;
    if (scenario && scenario.dataset_id === dataset.id) {
      this.criteria = structuredClone(scenario.criteria);
      this.timeLimitS = scenario.search.time_limit_s;
    } else this.criteria = firstCriteria(dataset, reps);
  }

  balanceOf(measure: string): Balance | undefined {
    return this.criteria.balance.find((balance) => balance.measure === measure);
  }

  setBalanced(measure: string, isOn: boolean, reps: RepItem[]): void {
    const rest = this.criteria.balance.filter((balance) => balance.measure !== measure);
    this.criteria.balance = isOn ? [...rest, newBalance(measure, reps, false)] : rest;
  }

  /** Take a relaxation's changes; true where the form can express all of them. */
  relax(changes: Change[]): boolean {
    return changes.map((change) => this.relaxOne(change)).every(Boolean);
  }

  private relaxOne(change: Change): boolean {
    const criteria = this.criteria;
    const { kind, measure, after, scope } = change;
    if (kind === 'tolerance' && measure) {
      const balance = this.balanceOf(measure);
      if (balance && after !== null) balance.tolerance = Math.min(0.99, Math.ceil(after * 1000) / 1000);
      else if (balance) balance.hard = false;
      return Boolean(balance);
    }
    if (kind === 'budget') {
      const budget = scope === 'in' ? criteria.disruption.max_in_per_rep : scope === 'out' ? criteria.disruption.max_out_per_rep : criteria.disruption.max_moved;
      budget.accounts = measure && measure !== 'accounts' ? budget.accounts : after === null ? null : Math.ceil(after);
      if (measure && measure !== 'accounts') delete budget.share[measure];
      return true;
    }
    if (kind === 'frozen') criteria.frozen_reps = criteria.frozen_reps.filter((rep) => rep !== change.rep_id);
    else if (kind === 'lock') {
      const before = criteria.locks.length;
      criteria.locks = criteria.locks.filter((lock) => lock.account_id !== change.account_id);
      return criteria.locks.length < before;
    } else if (kind === 'forbid') {
      criteria.forbid = criteria.forbid.filter((pair) => pair.account_id !== change.account_id || pair.rep_id !== change.rep_id);
    } else if (kind === 'eligibility') criteria.eligibility = { soft: 20 };
    else if (kind === 'family') criteria.families = 'off';
    else if (kind === 'unassigned') criteria.unassigned.allowed = true;
    else return false;
    return true;
  }
}

export const question = new Question();

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
    travel: { weight: 30, source: 'great_circle', road_factor: 1.3 },
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
    locks: [],
    forbid: [],
    frozen_reps: [],
    unassigned: { allowed: false, weight: 100 },
  };
}

// What is open: a dataset, its plans, the alignment on the map, the one it is compared with, the job that runs.
import { untrack } from 'svelte';
import {
  alignmentPath,
  asProblem,
  get,
  getAll,
  patch,
  post,
  type Alignment,
  type Criteria,
  type Dataset,
  type Job,
  type Page,
  type Problem,
  type RepItem,
  type Scenario,
  type Search,
} from '../api/client';
import { question } from './criteria.svelte';
import { WatchedJob } from './job.svelte';
import { depthOf, pathsOf } from './levels';
import { go, route } from './route.svelte';
import { openView, type View } from './views.svelte';

/** What is asked of a curve, as the API takes it. */
export interface CurveWish {
  kind: 'disruption' | 'pareto' | 'size';
  name: string;
  measure?: string;
  from?: number;
  to?: number;
  step?: number;
  within_km?: number;
}

/** The address's level as a number; 0 for the reps themselves. */
export function levelOf(text: string): number {
  const level = Number(text);
  return Number.isInteger(level) && level > 0 ? level : 0;
}

class Workspace {
  dataset = $state.raw<Dataset | null>(null);
  reps = $state.raw<RepItem[]>([]);
  current = $state.raw<Alignment | null>(null);
  scenario = $state.raw<Scenario | null>(null);
  plans = $state.raw<Alignment[]>([]);
  /** Plans that were set aside. */
  aside = $state.raw<Alignment[]>([]);
  scenarios = $state.raw<Scenario[]>([]);
  view = $state.raw<View | null>(null);
  other = $state.raw<View | null>(null);
  job = $state.raw<WatchedJob | null>(null);
  problem = $state.raw<Problem | null>(null);
  isLoading = $state(false);
  /** Whether the open plan's question is still to come: what is written into the form before would be lost. */
  isReadingQuestion = $state(false);
  /** The plan whose place a better one of the job takes: where the job was started, then its best so far. */
  private followed = $state('');
  private numLoading = 0;
  private numReading = 0;
  private numRefreshes = 0;
  /** The scenario that was asked for last. */
  private wantedScenario = '';
  /** Alignments that an undo left, newest last, so that redo finds them. */
  undone = $state<{ id: string; parent: string }[]>([]);

  repName(id: string | null | undefined): string {
    if (!id) return '–';
    return this.names.get(id) ?? id;
  }

  private names = $derived(new Map(this.reps.map((rep) => [rep.id, rep.name || rep.id])));

  private paths = $derived(pathsOf(this.reps));
  /** Levels of the hierarchy above the reps, with theirs; 1 where there is none. */
  readonly depth = $derived(depthOf(this.paths));

  /** Who stands for a rep at the open level. */
  nodeOf(repId: string | null | undefined): string {
    const level = this.view?.level ?? 0;
    const path = level ? this.paths.get(repId ?? '') : undefined;
    return path ? (path[level - 1] ?? path.at(-1)!) : (repId ?? '');
  }

  async openDataset(id: string): Promise<void> {
    if (this.dataset?.id === id) return;
    await this.readQuestion(async () => {
      const path = `v1/datasets/${encodeURIComponent(id)}`;
      const [dataset, reps, current] = await Promise.all([
        get<Dataset>(path),
        getAll<RepItem>(`${path}/reps`),
        get<Alignment>(`${path}/current`).catch(() => null),
      ]);
      if (route.dataset !== id) return;
      this.dataset = dataset;
      this.reps = reps;
      this.current = current;
      if (this.scenario?.dataset_id !== id) this.scenario = null;
      await this.refreshPlans();
    });
  }

  /** Open a plan where the address names none; a better one of the job may take its place. */
  openUnasked(id: string): void {
    this.followed = id;
    go({ alignment: id }, { quiet: true });
  }

  async openAlignment(id: string, level = 0): Promise<void> {
    await this.readQuestion(async () => {
      const view = await openView(id, { level }).catch((error) => this.leaveGone(id, asProblem(error)));
      if (!view || route.alignment !== id || levelOf(route.level) !== level) return;
      this.view = view;
      const { dataset_id: datasetId, scenario_id: scenarioId } = view.alignment;
      if (route.dataset !== datasetId) go({ dataset: datasetId }, { quiet: true });
      if (scenarioId) await this.takeScenario(scenarioId);
    });
  }

  /** An address of a running job may name a best that a better one has replaced: then the job tells what is next. */
  private leaveGone(id: string, problem: Problem): null {
    const isTooDeep = problem.faults.some((fault) => fault.params?.parameter === 'level');
    if (isTooDeep) go({ level: '' }, { quiet: true });
    if (isTooDeep) return null;
    if (!route.job || problem.status !== 404) throw problem;
    if (this.job?.best === id) this.job.best = '';
    if (route.alignment === id) go({ alignment: '' }, { quiet: true });
    return null;
  }

  async openOther(id: string): Promise<void> {
    if (!id) {
      this.other = null;
      return;
    }
    const level = levelOf(route.level);
    await this.attempt(async () => {
      const view = await openView(id, { level });
      if (route.with === id && levelOf(route.level) === level) this.other = view;
    });
  }

  /** Whether the map shows what the job finds; not where the reader opened another plan meanwhile. */
  get followsJob(): boolean {
    return !route.alignment || route.alignment === this.followed;
  }

  /** Put a job's best so far on the map as soon as all of it is here, so that nothing flickers. */
  private async showBest(best: string): Promise<void> {
    const { job } = this;
    if (!this.followsJob) return;
    const view = await openView(best, { isWhole: true, level: levelOf(route.level) });
    if (this.job !== job || !this.followsJob) return;
    this.followed = best;
    this.view = view;
    go({ alignment: best }, { quiet: true });
  }

  /** Let the job's best so far take the place of the open plan, and go on following it. */
  async followAgain(): Promise<void> {
    this.followed = route.alignment;
    if (this.job?.best) await this.showBest(this.job.best).catch(() => undefined); // a better one took its place: the next look shows that
  }

  watch(jobId: string): void {
    if (this.job?.id === jobId) return;
    this.job?.leave();
    this.followed = untrack(() => route.alignment);
    this.job = jobId ? new WatchedJob(jobId, (best) => this.showBest(best), (job) => void this.ended(job)) : null;
    void this.job?.start();
  }

  /** The first number that no question and no plan of this dataset is called by. */
  nextNumber(called: (n: number) => string): number {
    const known = new Set([...this.scenarios, ...this.plans, ...this.aside].map((one) => one.name));
    let n = 1;
    while (known.has(called(n))) n += 1;
    return n;
  }

  /** Store the question and start its job. */
  async optimize(criteria: Criteria, search: Partial<Search>, name: string): Promise<void> {
    const { dataset } = this;
    if (!dataset) return;
    const scenario = await this.store(dataset, criteria, search, name);
    this.openJob(dataset, await post<Job>('v1/jobs', { scenario_id: scenario.id }));
  }

  /** Store the question as a scenario, unless it is the open one. */
  async ask(criteria: Criteria, timeLimitS: number, name: string): Promise<Scenario> {
    const { dataset, scenario: open } = this;
    if (!dataset) throw new Error('no dataset is open');
    const isOpen = open?.dataset_id === dataset.id && open.search.time_limit_s === timeLimitS && JSON.stringify(open.criteria) === JSON.stringify(criteria);
    if (open && isOpen) return open;
    return this.store(dataset, criteria, { time_limit_s: timeLimitS }, name);
  }

  /** Start a job that answers the question many times. */
  async explore(criteria: Criteria, timeLimitS: number, curve: CurveWish): Promise<void> {
    const { dataset } = this;
    const scenario = await this.ask(criteria, timeLimitS, curve.name);
    this.openJob(dataset, await post<Job>(`v1/scenarios/${scenario.id}/curves`, curve));
  }

  private async store(dataset: Dataset, criteria: Criteria, search: Partial<Search>, name: string): Promise<Scenario> {
    const scenario = await post<Scenario>('v1/scenarios', { dataset_id: dataset.id, name, criteria, search });
    if (this.dataset !== dataset) return scenario;
    question.stored(scenario, criteria);
    this.wantedScenario = scenario.id;
    this.scenario = scenario;
    return scenario;
  }

  /** Follow a job that was started, unless the reader went to other data meanwhile. */
  private openJob(dataset: Dataset | null, job: Job): void {
    if (this.dataset === dataset) go({ job: job.id, room: 'plan' });
  }

  /** Take a job's question into the form. */
  async openScenario(id: string): Promise<void> {
    if (this.scenario?.id === id) return;
    await this.readQuestion(() => this.takeScenario(id));
  }

  /** Take a scenario, unless another one was asked for meanwhile. */
  private async takeScenario(id: string): Promise<void> {
    this.wantedScenario = id;
    if (this.scenario?.id === id) return;
    const scenario = await get<Scenario>(`v1/scenarios/${id}`);
    if (this.wantedScenario === id) this.scenario = scenario;
  }

  /** Ask for the plans anew; of several requests the last one tells. */
  async refreshPlans(): Promise<void> {
    const dataset_id = this.dataset?.id;
    if (!dataset_id) return;
    const number = (this.numRefreshes += 1);
    const [plans, scenarios] = await Promise.all([
      get<Page<Alignment>>('v1/alignments', { dataset_id, page_size: 200 }),
      get<Page<Scenario>>('v1/scenarios', { dataset_id, page_size: 200 }),
    ]);
    if (number !== this.numRefreshes) return;
    this.plans = plans.items.filter((plan) => !plan.archived);
    this.aside = plans.items.filter((plan) => plan.archived);
    this.scenarios = scenarios.items;
  }

  /** Rename a plan, set it aside or bring it back. */
  async changePlan(id: string, change: { name?: string; archived?: boolean }): Promise<void> {
    const changed = await patch<Alignment>(alignmentPath(id), change);
    if (this.view?.id === id) this.view.alignment = changed;
    await this.refreshPlans();
  }

  undo(): void {
    const parent = this.view?.alignment.origin.parent_id;
    if (!parent || !this.view) return;
    this.undone = [...this.undone, { id: this.view.id, parent }];
    go({ alignment: parent });
  }

  /** Whether the open alignment is the one that the last undo came back to. */
  get canRedo(): boolean {
    return this.undone.at(-1)?.parent === this.view?.id && this.undone.length > 0;
  }

  redo(): void {
    const next = this.undone.at(-1);
    if (!next || !this.canRedo) return;
    this.undone = this.undone.slice(0, -1);
    go({ alignment: next.id });
  }

  private async ended(job: Job): Promise<void> {
    if (job.alignment_id && route.job === job.id) await this.showBest(job.alignment_id).catch(() => go({ alignment: job.alignment_id! }, { quiet: true }));
    await this.refreshPlans();
  }

  private async readQuestion(work: () => Promise<void>): Promise<void> {
    this.numReading += 1;
    this.isReadingQuestion = true;
    await this.attempt(work);
    this.numReading -= 1;
    this.isReadingQuestion = this.numReading > 0;
  }

  /** Do several things at once, and tell the problem of any. */
  private async attempt(work: () => Promise<void>): Promise<void> {
    if (!this.numLoading) this.problem = null;
    this.numLoading += 1;
    this.isLoading = true;
    try {
      await work();
    } catch (error) {
      this.problem = asProblem(error);
    } finally {
      this.numLoading -= 1;
      this.isLoading = this.numLoading > 0;
    }
  }
}

export const workspace = new Workspace();

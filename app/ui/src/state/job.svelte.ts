// A job as it is watched: its events are read from the start, so that a reload shows the same lines again.
import { asProblem, get, post, remove, type Alignment, type Curve, type Job, type Problem, type Progress } from '../api/client';
import { listen } from '../api/events';

export interface Mark {
  second: number;
  objective: number | null;
  bound: number | null;
}

const LOOK_AGAIN_MS = 2000;
/** After a look it rests so many times as long as the look took: drawing must not take the machine from the search. */
const RESTS = 4;

export class WatchedJob {
  job = $state.raw<Job | null>(null);
  progress = $state.raw<Progress | null>(null);
  marks = $state.raw<Mark[]>([]);
  problem = $state.raw<Problem | null>(null);
  /** The points so far, of a job that computes a curve. */
  curve = $state.raw<Curve | null>(null);
  /** The best alignment so far; a better one takes its place, and the one before is gone. */
  best = $state('');
  isEnding = $state(false);
  private events?: { close: () => void };
  private timer?: number;
  private isLeft = false;
  private isLooking = false;
  private numAsked = 0;
  private numTaken = 0;
  private nextLook = 0;
  /** The objective at the last look, for which nothing more is to be found. */
  private lookedAt: number | null | undefined;

  constructor(
    readonly id: string,
    private readonly onBest: (alignmentId: string) => Promise<void>,
    private readonly onEnd: (job: Job) => void,
  ) {}

  get isRunning(): boolean {
    return this.job?.state === 'queued' || this.job?.state === 'running';
  }

  async start(): Promise<void> {
    try {
      await this.refresh();
      this.problem = null;
    } catch (error) {
      this.again(error, () => this.start());
      return;
    }
    if (this.isLeft) return;
    this.listen();
    if (this.isRunning) this.timer = window.setInterval(() => void this.lookForBest(), LOOK_AGAIN_MS);
  }

  leave(): void {
    this.isLeft = true;
    this.events?.close();
    window.clearInterval(this.timer);
  }

  /** End the search and keep the best so far. */
  async stop(): Promise<void> {
    await this.end(() => post<Job>(`v1/jobs/${this.id}/stop`));
  }

  /** End the search and throw the result away. */
  async cancel(): Promise<void> {
    await this.end(() => remove(`v1/jobs/${this.id}`));
  }

  private async end(request: () => Promise<unknown>): Promise<void> {
    this.isEnding = true;
    try {
      await request();
      await this.refresh();
    } catch (error) {
      this.problem = asProblem(error);
    } finally {
      this.isEnding = false;
    }
  }

  private listen(): void {
    const wasRunning = this.isRunning;
    this.events = listen(`v1/jobs/${this.id}/events`, (kind, data) => {
      if (kind === 'progress') this.take(JSON.parse(data) as Progress);
      else if (kind === 'state') void this.refresh().catch(() => undefined);
      else if (kind === 'done') {
        this.events?.close();
        window.clearInterval(this.timer);
        void this.finish(wasRunning);
      }
    });
  }

  /** Read how it ended; where the service is away, when it is back. */
  private async finish(wasRunning: boolean): Promise<void> {
    try {
      await this.refresh();
      this.problem = null;
    } catch (error) {
      this.again(error, () => this.finish(wasRunning));
      return;
    }
    if (wasRunning && this.job && !this.isLeft) this.onEnd(this.job);
  }

  /** Tell what went wrong, and try again where it may pass. */
  private again(error: unknown, work: () => Promise<void>): void {
    if (this.isLeft) return;
    this.problem = asProblem(error);
    const mayPass = this.problem.status === 0 || this.problem.status >= 500;
    if (mayPass) this.timer = window.setTimeout(() => void work(), LOOK_AGAIN_MS);
  }

  private take(progress: Progress): void {
    this.progress = progress;
    if (this.job?.kind === 'curve') {
      if (progress.points_done !== this.curve?.points_done) void this.refresh().catch(() => undefined);
      return; // each point asks a question of its own, so their objectives make no line
    }
    if (progress.objective === null && progress.lower_bound === null) return;
    const mark = { second: progress.elapsed_s, objective: progress.objective, bound: progress.lower_bound };
    this.marks = [...this.marks, mark];
  }

  /** Read the job anew; an answer that comes after that of a later request is old, and is left. */
  private async refresh(): Promise<void> {
    const number = (this.numAsked += 1);
    const [job, curve] = await this.read();
    if (number < this.numTaken) return;
    this.numTaken = number;
    this.job = job;
    this.progress ??= this.job.progress;
    if (this.job.alignment_id) this.best = this.job.alignment_id;
    if (curve) this.curve = curve;
  }

  private async read(): Promise<[Job, Curve | null]> {
    const job = await get<Job>(`v1/jobs/${this.id}`);
    return [job, job.kind === 'curve' ? await get<Curve>(`v1/jobs/${this.id}/curve`) : null];
  }

  /** Ask for the best so far, unless nothing is better than at the last look. */
  private async lookForBest(): Promise<void> {
    const objective = this.progress?.objective;
    const isCurve = this.job?.kind === 'curve';
    const begin = performance.now();
    if (!this.isRunning || this.isLooking || begin < this.nextLook) return;
    if (!isCurve && (typeof objective !== 'number' || objective === this.lookedAt)) return;
    this.isLooking = true;
    try {
      if (isCurve) await this.refresh();
      else {
        const { id } = await get<Alignment>(`v1/jobs/${this.id}/alignment`);
        if (!this.isRunning || this.isLeft) return; // the end has told its own
        this.best = id;
        await this.onBest(id);
        this.lookedAt = objective;
      }
    } catch {
      // none is stored yet, a better one took its place, or the service is away: the next look may find it
    } finally {
      this.isLooking = false;
      this.nextLook = performance.now() + RESTS * (performance.now() - begin);
    }
  }
}

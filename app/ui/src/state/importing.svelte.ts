// The import: files, what their columns mean, what the check found.
import { address, asProblem, upload, type Dataset, type DatasetPreview, type Problem } from '../api/client';
import { BY_VALUES, fileTable, guess, sourceOf, type Source, type Table } from '../data/columns';
import { readRows, withoutRows, withRow } from '../data/mending';
import { readSheet, type Sheet } from '../data/sheet';
import { go } from './route.svelte';

export interface Part {
  file: File;
  sheet: Sheet | null;
  source: Source;
  fields: string[];
}

const EXAMPLE_NAME = 'Example';

class Importing {
  parts = $state<Partial<Record<Table, Part>>>({});
  preview = $state.raw<DatasetPreview | null>(null);
  problem = $state.raw<Problem | null>(null);
  isBusy = $state(false);
  isConfirmed = $state(false);
  ignoresUnknown = $state(false);
  leavesUnplaced = $state(false);
  /** Rows that were mended or left out in the browser. */
  mended = $state(0);
  private numBusy = 0;
  private numSent = 0;
  private numCleared = 0;
  private lastChange: Promise<void> = Promise.resolve();

  get isComplete(): boolean {
    return Boolean(this.parts.accounts && this.parts.reps);
  }

  clear(): void {
    this.parts = {};
    this.preview = null;
    this.problem = null;
    this.isConfirmed = false;
    this.ignoresUnknown = false;
    this.leavesUnplaced = false;
    this.mended = 0;
    this.numSent += 1; // nobody waits for what was asked before
    this.numCleared += 1;
  }

  /** The cells of a row, as the file has them. */
  async readRow(table: Table, row: number): Promise<string[]> {
    const part = this.parts[table];
    return (part && (await readRows(part.file, [row])).get(row)) ?? [];
  }

  /** Change a row of a dropped file, and check again. */
  async mendRow(table: Table, row: number, cells: string[]): Promise<void> {
    await this.change(async () => {
      const part = this.parts[table];
      if (!part) return;
      part.file = await withRow(part.file, row, cells);
      this.mended += 1;
    });
    await this.check();
  }

  /** Leave rows out of the dropped files, and check again. */
  async leaveOut(rows: Partial<Record<Table, number[]>>): Promise<void> {
    await this.change(async () => {
      for (const [table, numbers] of Object.entries(rows) as [Table, number[]][]) {
        const part = this.parts[table];
        if (!part) continue;
        part.file = await withoutRows(part.file, numbers);
        this.mended += numbers.length;
      }
    });
    await this.check();
  }

  /** Take dropped files: by name, else the larger one holds the accounts. */
  async take(files: File[], table?: Table): Promise<void> {
    this.numSent += 1;
    this.preview = null;
    this.problem = null;
    const sorted = [...files].sort((a, b) => b.size - a.size);
    await this.change(async () => {
      const clearing = this.numCleared;
      for (const file of sorted) {
        const wanted = table ?? fileTable(file.name) ?? (this.parts.accounts ? 'reps' : 'accounts');
        const sheet = await readSheet(file).catch(() => null);
        if (clearing !== this.numCleared) return;
        const columns = sheet?.columns ?? [];
        this.parts[wanted] = { file, sheet, source: sourceOf(columns, wanted), fields: guess(columns, wanted) };
      }
    });
    if (this.isComplete) await this.check();
  }

  async takeExample(): Promise<void> {
    this.problem = null;
    await this.busily(async () => {
      const files = await Promise.all(
        ['accounts.csv', 'reps.csv'].map(async (name) => {
          const response = await fetch(address(`example/${name}`));
          if (!response.ok) throw new Error(response.statusText);
          return new File([await response.blob()], name);
        }),
      );
      const form = new FormData();
      form.append('accounts', files[0]!);
      form.append('reps', files[1]!);
      form.append('name', EXAMPLE_NAME);
      const dataset = await upload<Dataset>('v1/datasets', form);
      go({ dataset: dataset.id, alignment: '', job: '' });
    });
  }

  /** Check, and store nothing; of several checks the last one tells. */
  async check(): Promise<void> {
    const number = this.send();
    await this.busily(
      async () => {
        const preview = await upload<DatasetPreview>('v1/datasets?check_only=true', this.form());
        if (number === this.numSent) this.preview = preview;
      },
      () => number === this.numSent,
    );
  }

  async store(name: string): Promise<void> {
    this.send();
    await this.busily(async () => {
      const dataset = await upload<Dataset>('v1/datasets', this.form(name));
      this.clear();
      go({ dataset: dataset.id, alignment: '', job: '' });
    });
  }

  /** Forget what was found before; return the number of what is asked now. */
  private send(): number {
    this.problem = null;
    this.preview = null;
    return (this.numSent += 1);
  }

  /** Change the files, one change after the other: each begins with what the one before left. */
  private async change(work: () => Promise<void>): Promise<void> {
    this.lastChange = this.lastChange.then(() => this.busily(work));
    await this.lastChange;
  }

  /** Be busy until the work is done, and tell its problem where that is still wanted. */
  private async busily(work: () => Promise<void>, isWanted = () => true): Promise<void> {
    this.numBusy += 1;
    this.isBusy = true;
    try {
      await work();
    } catch (error) {
      if (isWanted()) this.problem = asProblem(error);
    } finally {
      this.numBusy -= 1;
      this.isBusy = this.numBusy > 0;
    }
  }

  private form(name = ''): FormData {
    const form = new FormData();
    const mapping: Record<string, Record<string, string>> = {};
    for (const table of ['accounts', 'reps'] as const) {
      const part = this.parts[table];
      if (!part) continue;
      form.append(table, part.file);
      const chosen = (part.sheet?.columns ?? []).map((column, at) => [column, part.fields[at]!] as const);
      mapping[table] = Object.fromEntries(chosen.filter(([, field]) => field !== BY_VALUES));
    }
    form.append('mapping', JSON.stringify(mapping));
    if (name) form.append('name', name);
    if (this.isConfirmed) form.append('coordinates_confirmed', 'true');
    if (this.ignoresUnknown) form.append('unknown_current', 'unassigned');
    if (this.leavesUnplaced) form.append('unlocated', 'leave_out');
    return form;
  }
}

export const importing = new Importing();

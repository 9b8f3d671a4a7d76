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
  /** Rows that were mended or left out in the browser. */
  mended = $state(0);

  get isComplete(): boolean {
    return Boolean(this.parts.accounts && this.parts.reps);
  }

  clear(): void {
    this.parts = {};
    this.preview = null;
    this.problem = null;
    this.isConfirmed = false;
    this.ignoresUnknown = false;
    this.mended = 0;
  }

  /** The cells of a row, as the file has them. */
  async readRow(table: Table, row: number): Promise<string[]> {
    const part = this.parts[table];
    return (part && (await readRows(part.file, [row])).get(row)) ?? [];
  }

  /** Change a row of a dropped file, and check again. */
  async mendRow(table: Table, row: number, cells: string[]): Promise<void> {
    const part = this.parts[table];
    if (!part) return;
    part.file = await withRow(part.file, row, cells);
    this.mended += 1;
    await this.check();
  }

  /** Leave rows out of the dropped files, and check again. */
  async leaveOut(rows: Partial<Record<Table, number[]>>): Promise<void> {
    for (const [table, numbers] of Object.entries(rows) as [Table, number[]][]) {
      const part = this.parts[table];
      if (!part) continue;
      part.file = await withoutRows(part.file, numbers);
      this.mended += numbers.length;
    }
    await this.check();
  }

  /** Take dropped files: by name, else the larger one holds the accounts. */
  async take(files: File[], table?: Table): Promise<void> {
    this.preview = null;
    this.problem = null;
    const sorted = [...files].sort((a, b) => b.size - a.size);
    for (const file of sorted) {
      const wanted = table ?? fileTable(file.name) ?? (this.parts.accounts ? 'reps' : 'accounts');
      const sheet = await readSheet(file).catch(() => null);
      const columns = sheet?.columns ?? [];
      this.parts[wanted] = { file, sheet, source: sourceOf(columns, wanted), fields: guess(columns, wanted) };
    }
    if (this.isComplete) await this.check();
  }

  async takeExample(): Promise<void> {
    this.isBusy = true;
    this.problem = null;
    try {
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
    } catch (error) {
      this.problem = asProblem(error);
    } finally {
      this.isBusy = false;
    }
  }

  /** Check, and store nothing. */
  async check(): Promise<void> {
    await this.send<DatasetPreview>('v1/datasets?check_only=true', (preview) => (this.preview = preview));
  }

  async store(name: string): Promise<void> {
    await this.send<Dataset>(
      'v1/datasets',
      (dataset) => {
        this.clear();
        go({ dataset: dataset.id, alignment: '', job: '' });
      },
      name,
    );
  }

  private async send<Body>(path: string, done: (body: Body) => void, name = ''): Promise<void> {
    this.isBusy = true;
    this.problem = null;
    this.preview = null;
    try {
      done(await upload<Body>(path, this.form(name)));
    } catch (error) {
      this.problem = asProblem(error);
    } finally {
      this.isBusy = false;
    }
  }

  private form(name: string): FormData {
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
    return form;
  }
}

export const importing = new Importing();

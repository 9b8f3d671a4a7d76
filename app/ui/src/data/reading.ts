// The page's side of the worker that reads an alignment's map.
import { Problem } from '../api/client';
import { anotherThan, credential, credentials } from '../api/credential';
import { locale } from '../i18n/language.svelte';
import type { Answer, Ranks, Reading, Wish } from './accounts.worker';

export interface RankedReading extends Reading {
  ranks: Promise<Ranks>;
}

let worker: Worker | undefined;
let count = 0;
const waiting = new Map<number, { take: (reading: Reading) => void; rank: (ranks: Ranks) => void; refuse: (problem: Problem) => void }>();

/** Read a map; where its key is refused, with the next one. */
export async function readMap(url: string, repIds: string[]): Promise<RankedReading> {
  for (;;) {
    const sent = credential();
    try {
      return await readOnce({ number: (count += 1), url, headers: credentials(), locale: locale(), repIds });
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'UNAUTHENTICATED') throw error;
      await anotherThan(sent, error.message);
    }
  }
}

function readOnce(wish: Wish): Promise<RankedReading> {
  worker ??= started();
  return new Promise((take, refuse) => {
    let rank: (ranks: Ranks) => void = () => undefined;
    const ranks = new Promise<Ranks>((done) => (rank = done));
    waiting.set(wish.number, { take: (reading) => take({ ...reading, ranks }), rank, refuse });
    worker!.postMessage(wish);
  });
}

function started(): Worker {
  const made = new Worker(new URL('./accounts.worker.ts', import.meta.url), { type: 'module' });
  made.onmessage = ({ data }: MessageEvent<Answer>) => {
    const waits = waiting.get(data.number);
    if ('reading' in data) return waits?.take(data.reading);
    waiting.delete(data.number);
    if ('ranks' in data) waits?.rank(data.ranks);
    else waits?.refuse(new Problem(data.status, String(data.problem.code ?? ''), String(data.problem.detail ?? '')));
  };
  return made;
}

// The page's side of the worker that reads an alignment's map.
import { Problem } from '../api/client';
import { anotherThan, credential, credentials } from '../api/credential';
import type { Answer, Reading, Wish } from './accounts.worker';

let worker: Worker | undefined;
let count = 0;
const waiting = new Map<number, { take: (reading: Reading) => void; refuse: (problem: Problem) => void }>();

/** Read a map; where its key is refused, with the next one. */
export async function readMap(url: string, repIds: string[]): Promise<Reading> {
  for (;;) {
    const sent = credential();
    try {
      return await readOnce({ number: (count += 1), url, headers: credentials(), repIds });
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'UNAUTHENTICATED') throw error;
      await anotherThan(sent, error.message);
    }
  }
}

function readOnce(wish: Wish): Promise<Reading> {
  worker ??= started();
  return new Promise((take, refuse) => {
    waiting.set(wish.number, { take, refuse });
    worker!.postMessage(wish);
  });
}

function started(): Worker {
  const made = new Worker(new URL('./accounts.worker.ts', import.meta.url), { type: 'module' });
  made.onmessage = ({ data }: MessageEvent<Answer>) => {
    const waits = waiting.get(data.number);
    waiting.delete(data.number);
    if ('reading' in data) waits?.take(data.reading);
    else waits?.refuse(new Problem(data.status, String(data.problem.code ?? ''), String(data.problem.detail ?? '')));
  };
  return made;
}

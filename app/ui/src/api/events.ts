// Server-sent events by fetch, because the browser's own EventSource sends no key. Goes on after the last event seen.
import { address, isAborted } from './client';
import { ask } from './credential';

const AGAIN_MS = 2000;

/** Read a stream of events until `close`; ends where the service answers with anything but a stream. */
export function listen(path: string, take: (kind: string, data: string) => void): { close: () => void } {
  const leaving = new AbortController();
  let last = '';

  async function read(): Promise<void> {
    while (!leaving.signal.aborted) {
      try {
        const headers = { Accept: 'text/event-stream', ...(last ? { 'Last-Event-ID': last } : {}) };
        const response = await ask(address(path), { headers, signal: leaving.signal, cache: 'no-store' });
        if (response.status >= 500) throw new Error(response.statusText);
        if (!response.ok || !response.body) return;
        for await (const event of eventsOf(response.body)) {
          if (event.id) last = event.id;
          if (!leaving.signal.aborted && event.data) take(event.kind, event.data);
        }
      } catch (error) {
        if (isAborted(error)) return;
      }
      await new Promise((done) => window.setTimeout(done, AGAIN_MS));
    }
  }

  void read();
  return { close: () => leaving.abort() };
}

interface Event {
  id: string;
  kind: string;
  data: string;
}

async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Event> {
  const reader = body.pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + value).replaceAll('\r\n', '\n').split('\n\n');
      rest = blocks.pop()!;
      for (const block of blocks) yield eventOf(block);
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

function eventOf(block: string): Event {
  const fields: Record<string, string[]> = {};
  for (const line of block.split('\n')) {
    const at = line.indexOf(':');
    if (at > 0) (fields[line.slice(0, at)] ??= []).push(line.slice(at + 1).replace(/^ /, ''));
  }
  return { id: fields.id?.at(-1) ?? '', kind: fields.event?.at(-1) ?? 'message', data: (fields.data ?? []).join('\n') };
}

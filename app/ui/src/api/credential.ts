// The key or token that requests are sent with: kept for this tab, or by choice on this device. Where the service asks
// for one, requests wait here until somebody signed in, and are sent again.

/** Services behind one host's paths have keys of their own. */
const STORED = `territory.key ${new URL('.', document.baseURI).pathname}`;
let current = stored(() => sessionStorage) || stored(() => localStorage);
let waiting: (() => void)[] = [];
let tell: (detail: string) => void = () => undefined;

/** Headers that say who asks, and that the page asks for keys by itself, so that the browser need not. */
export function credentials(): Record<string, string> {
  const own = { 'X-Requested-With': 'page' };
  return current ? { ...own, Authorization: `Bearer ${current}` } : own;
}

export function hasCredential(): boolean {
  return current !== '';
}

/** Fetch with the credential; where it is refused, when there is another one. */
export async function ask(url: string, init: RequestInit = {}): Promise<Response> {
  for (;;) {
    const sent = current;
    const response = await fetch(url, { ...init, headers: { ...init.headers, ...credentials() } });
    const detail = await refusal(response);
    if (detail === null) return response;
    await anotherThan(sent, detail);
  }
}

/** Why a credential was refused; null where the answer is none of our refusals, as a proxy's own 401. */
export async function refusal(response: Response): Promise<string | null> {
  if (response.status !== 401) return null;
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  if (!body || typeof body !== 'object' || !('code' in body) || body.code !== 'UNAUTHENTICATED') return null;
  return 'detail' in body ? String(body.detail) : '';
}

/** The credential as it is; what is sent with it is compared with it, should it be refused. */
export function credential(): string {
  return current;
}

/** Wait until there is another credential than the refused one. */
export function anotherThan(sent: string, detail: string): Promise<void> {
  if (current !== sent) return Promise.resolve();
  tell(sent ? detail : '');
  return new Promise((done) => waiting.push(done));
}

/** Name who asks for a credential; `detail` is empty where none was sent. */
export function onRefusal(listener: (detail: string) => void): void {
  tell = listener;
}

export function keep(credential: string, isForDevice: boolean): void {
  forget();
  current = credential;
  try {
    (isForDevice ? localStorage : sessionStorage).setItem(STORED, credential);
  } catch {
    // a browser without storage asks again after a reload
  }
  const freed = waiting;
  waiting = [];
  for (const go of freed) go();
}

export function forget(): void {
  current = '';
  try {
    sessionStorage.removeItem(STORED);
    localStorage.removeItem(STORED);
  } catch {
    // nothing was stored
  }
}

function stored(storage: () => Storage): string {
  try {
    return storage().getItem(STORED) ?? '';
  } catch {
    return '';
  }
}

// Who uses the page: the key that was asked for, what its role and verbs may do, signing in and out.
import { address, asProblem, problemOf, type Caller, type Problem } from '../api/client';
import { ask, forget, hasCredential, keep, onRefusal, refusal } from '../api/credential';

export type Verb = 'read' | 'write' | 'delete';
/** Why there is a sign-in panel, or why a key did not open it. */
export type Reason = 'none' | 'unknown' | 'revoked' | 'expired' | 'token';

const VISIBLE = /^[\x21-\x7e]+$/;

class Access {
  caller = $state.raw<Caller | null>(null);
  /** Open while the service waits for a key. */
  reason = $state<Reason | ''>('');
  problem = $state.raw<Problem | null>(null);
  isChecking = $state(false);

  constructor() {
    onRefusal((detail) => (this.reason = reasonOf(detail)));
  }

  /** Ask who calls; a service that asks nobody for a key says so, too. */
  async look(): Promise<void> {
    const response = await ask(address('v1/caller'), { headers: { Accept: 'application/json' } }).catch(() => null);
    if (response?.ok) this.caller = (await response.json()) as Caller;
  }

  /** Whether the caller may do this; yes as long as nobody said otherwise. */
  may(verb: Verb): boolean {
    return this.caller?.verbs.includes(verb) ?? true;
  }

  /** Whether only shares of plans are seen, known by their links. */
  get isOwnOnly(): boolean {
    return this.caller?.role === 'manager' || this.caller?.role === 'rep';
  }

  /** Whether somebody signed in with a key of their own. */
  get isSignedIn(): boolean {
    return hasCredential() && Boolean(this.caller?.key_id);
  }

  /** Try a key; keep it where the service takes it. */
  async signIn(typed: string, isForDevice: boolean): Promise<void> {
    const credential = typed.trim().replace(/^Bearer\s+/i, '');
    this.problem = null;
    if (!VISIBLE.test(credential)) {
      this.reason = 'unknown';
      return;
    }
    this.isChecking = true;
    try {
      const headers = { Accept: 'application/json', 'X-Requested-With': 'page', Authorization: `Bearer ${credential}` };
      const response = await fetch(address('v1/caller'), { headers });
      const detail = await refusal(response);
      if (detail !== null) this.reason = reasonOf(detail);
      else if (!response.ok) this.problem = await problemOf(response);
      else {
        this.caller = (await response.json()) as Caller;
        this.reason = '';
        keep(credential, isForDevice);
      }
    } catch (error) {
      this.problem = asProblem(error);
    } finally {
      this.isChecking = false;
    }
  }

  /** Forget the key and everything that was read with it. */
  signOut(): void {
    forget();
    location.assign(new URL('.', document.baseURI));
  }
}

function reasonOf(detail: string): Reason {
  if (!detail) return 'none';
  if (/revoked/.test(detail)) return 'revoked';
  if (/expired/.test(detail)) return 'expired';
  return /token/i.test(detail) ? 'token' : 'unknown';
}

export const access = new Access();

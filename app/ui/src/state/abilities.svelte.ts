// What this service offers, read from its own OpenAPI document; what it does not, the page does not show.
import { get } from '../api/client';

const known = $state({ paths: new Set<string>() });

export async function learnAbilities(): Promise<void> {
  try {
    const document = await get<{ paths: Record<string, unknown> }>('openapi.json');
    known.paths = new Set(Object.keys(document.paths));
  } catch {
    known.paths = new Set();
  }
}

export function offers(path: string): boolean {
  return [...known.paths].some((one) => one.endsWith(path));
}

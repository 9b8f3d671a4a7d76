// Light or dark: what the system says until the reader chooses.
const STORED = 'territory.theme';
const system = window.matchMedia('(prefers-color-scheme: dark)');
const current = $state({ isDark: false });

export function isDark(): boolean {
  return current.isDark;
}

export function startTheme(): () => void {
  apply(stored() ?? (system.matches ? 'dark' : 'light'));
  const follow = () => stored() ?? apply(system.matches ? 'dark' : 'light');
  system.addEventListener('change', follow);
  return () => system.removeEventListener('change', follow);
}

export function switchTheme(): void {
  const next = current.isDark ? 'light' : 'dark';
  apply(next);
  try {
    localStorage.setItem(STORED, next);
  } catch {
    // a browser without storage forgets the choice
  }
}

/** The value of a color of app.css, as it is now. */
export function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function apply(theme: string): void {
  document.documentElement.dataset.theme = theme;
  current.isDark = theme === 'dark';
}

function stored(): string | null {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

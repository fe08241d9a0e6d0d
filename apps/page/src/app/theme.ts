/** Light, dark, or as the system says. */
import { type Signal, signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';
const KEY = 'infnet-theme';
const ORDER: readonly Theme[] = ['system', 'light', 'dark'];

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY) as Theme | null;
    return value !== null && ORDER.includes(value) ? value : 'system';
  } catch {
    return 'system';
  }
}

export const theme: Signal<Theme> = signal(stored());

export function nextTheme(): void {
  theme.value = ORDER[(ORDER.indexOf(theme.value) + 1) % ORDER.length] as Theme;
  try {
    localStorage.setItem(KEY, theme.value);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}

/** Puts the choice on the root, where the style sheet looks for it. */
export function applyTheme(choice: Theme): void {
  if (choice === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = choice;
}

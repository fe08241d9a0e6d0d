/** What the page says besides what is on it: errors to act on, notices, and lines for screen readers. */
import { escapeControls } from '@infnet/core';
import { type Signal, signal } from '@preact/signals';
import { STOPPED, type WireError } from '../protocol.js';
import { WorkerFailure } from './client.js';

export interface Notice {
  readonly id: number;
  readonly error: WireError | undefined;
  readonly text: string;
}

export const notices: Signal<readonly Notice[]> = signal([]);
/** Read out by screen readers when it changes. */
export const announcement: Signal<string> = signal('');

let lastId = 0;

function add(notice: Omit<Notice, 'id'>): void {
  // The same thing twice is said once.
  const others = notices.value.filter(({ text }) => text !== notice.text);
  notices.value = bounded([...others, { ...notice, id: ++lastId }]);
}

/** Most of each kind that are shown at once. */
const MOST = 5;

/** The newest. An error does not give way to what is merely worth knowing. */
export function bounded(all: readonly Notice[]): readonly Notice[] {
  const newest = (isError: boolean) => all.filter(({ error }) => (error !== undefined) === isError).slice(-MOST);
  const kept = new Set([...newest(true), ...newest(false)]);
  return all.filter((notice) => kept.has(notice));
}

export function tell(text: string): void {
  add({ text: escapeControls(text), error: undefined });
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

export function announce(text: string): void {
  announcement.value = escapeControls(text);
}

export function wireOf(error: unknown): WireError {
  if (error instanceof WorkerFailure) return error.wire;
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'UNEXPECTED', message, fix: 'Reload the page and try again.' };
}

/** Shows an error, unless somebody asked for the stop. @returns whether there is something to show */
export function report(error: unknown): boolean {
  const wire = wireOf(error);
  if (wire.code === STOPPED) return false;
  add({ error: wire, text: `${wire.code} ${wire.message} ${wire.where ?? ''}` });
  return true;
}

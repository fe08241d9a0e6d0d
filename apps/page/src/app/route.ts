/** Which place is shown: the part of the address behind `#`, so that any static host will do. */
import { type Signal, signal } from '@preact/signals';

export const PLACES = ['segment', 'train', 'inspect', 'compare'] as const;
export type Place = (typeof PLACES)[number];

function current(): Place {
  const name = location.hash.replace(/^#\/?/, '');
  return PLACES.find((place) => place === name) ?? 'segment';
}

export const place: Signal<Place> = signal(current());
addEventListener('hashchange', () => {
  place.value = current();
});

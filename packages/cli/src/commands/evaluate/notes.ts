/** What a reader of the scores must know of the slices. */
import { listed } from '../../names.js';
import type { Evaluation } from './score.js';

const NAMED = 5;

export function notesOn({ slices, scoring, set, surface }: Evaluation): string[] {
  const count = slices.length;
  const released = scoring.conventions === 'as-released';
  const notes: string[] = [];
  const healthy = slices.filter(({ infected }) => infected.truth === 0).length;
  const full = slices.filter(({ infected }) => infected.truth === 1).length;
  if (healthy > 0) {
    notes.push(
      `${healthy} of ${count} masks have no infected pixel. ${
        released
          ? 'As released, such a slice scores 0 in Dice, sensitivity, specificity, precision and IoU, also where nothing is predicted.'
          : 'Their sensitivity is undefined and left out of its mean; their Dice is 1 where nothing is predicted, else 0.'
      }`,
    );
  }
  if (full > 0) {
    notes.push(
      `${full} of ${count} masks are infected everywhere. ${
        released
          ? 'As released, one such slice makes the specificity of the whole set undefined (n/a).'
          : 'Their specificity is undefined and left out of its mean.'
      }`,
    );
  }
  const inverted = slices.filter((slice) => slice.inverted).map(({ name }) => name);
  if (inverted.length > 0) {
    notes.push(
      `${inverted.length} of ${count} masks are infected all along their border (are infected and healthy exchanged?): ${listed(inverted, NAMED)}.`,
    );
  }
  const resized = slices.filter(({ resizedFrom }) => resizedFrom !== undefined).length;
  if (resized > 0) {
    notes.push(
      `${resized} of ${count} maps had another size than their mask and were resized bilinearly (the paper's tool: MATLAB's bicubic).`,
    );
  }
  const inPixels = slices.filter(({ surface: own }) => own?.unit === 'pixels').length;
  if (surface?.unit === 'mm' && inPixels > 0) {
    notes.push(
      `${inPixels} of ${count} slices do not say how large their pixels are: their surface distances are in pixels and take no part in means (--spacing Y,X sets it).`,
    );
  }
  if (released && !scoring.stretch) notes.push('The paper’s tool stretches every map; here none was (--no-stretch).');
  if (set.intervals !== undefined && count < 10) {
    notes.push(`Intervals drawn from ${count} slices say little.`);
  }
  return notes;
}

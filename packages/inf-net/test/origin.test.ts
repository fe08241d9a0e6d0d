import { describe, expect, it } from 'vitest';
import { describeTraining, type Trained, trainingMetadata, weightsOrigin } from '../src/index.js';

const origin = (texts: Readonly<Record<string, unknown>>, trained: Trained = 'true') =>
  weightsOrigin(new Map(Object.entries(texts)), trained);

describe('what weights were trained on', () => {
  it.each([
    [{ slices: 16, phantoms: 16 }, '16 phantoms of infnet', /trained on phantoms:/],
    [{ slices: 1, phantoms: 9, unlabelled: 8 }, '1 phantom of infnet with masks and 8 without', /trained on phantoms:/],
    [{ slices: 24, unlabelled: 10 }, '24 slices with masks and 10 without', undefined],
    [{ slices: 24, phantoms: 3 }, '24 slices, 3 of them phantoms of infnet', /in part/],
    [{ slices: 24, startedFrom: 'phantoms of infnet only' }, '24 slices, after phantoms of infnet only', /in part/],
    [
      { slices: 4, phantoms: 4, startedFrom: '8 phantoms of infnet' },
      '4 phantoms of infnet, after 8 phantoms of infnet',
      /trained on phantoms:/,
    ],
    [{ slices: 4, phantoms: 4, startedFrom: '8 slices' }, '4 phantoms of infnet, after 8 slices', /in part/],
  ] as const)('%j', (training, words, warning) => {
    expect(describeTraining(training)).toBe(words);
    const told = origin(trainingMetadata(training));
    expect(told).toMatchObject({ trainedOn: words });
    if (warning === undefined) expect(told.warning).toBeUndefined();
    else expect(told.warning).toMatch(warning);
    // After a further training on slices of patients it is still told.
    const further = origin(trainingMetadata({ slices: 9, startedFrom: told.trainedOn }));
    expect(further.warning !== undefined).toBe(warning !== undefined);
  });

  it('weights that never were, those that come with the page, and files that say nothing', () => {
    expect(origin({}, 'false').warning).toContain('UNTRAINED');
    expect(origin({ trained_on: 'phantoms of infnet only' }).warning).toContain('trained on phantoms:');
    expect(origin({}, 'unknown')).toEqual({ trainedOn: undefined, warning: undefined });
    expect(origin({ trained_on: 7 }).trainedOn).toBeUndefined();
  });
});

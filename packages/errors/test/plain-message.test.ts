import { describe, expect, it } from 'vitest';
import { InfnetError, plainMessage } from '../src/index.js';

describe('plainMessage', () => {
  it.each([{}, { where: 'here' }, { fix: 'Do that.' }, { where: 'here', fix: 'Do that.' }])('of %j', (more) => {
    const error = new InfnetError({ code: 'A_CODE', message: 'It is [A_CODE] so', ...more });
    expect(plainMessage(error)).toBe('It is [A_CODE] so');
  });
});

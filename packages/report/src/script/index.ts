/**
 * The page's script. Nothing needs it: it adds read-outs of curves, a dialog for pictures, and a reload that a reader
 * can pause. It is kept as text, because it runs in the page as it stands here: no compiler between, no helpers of one.
 * It sets text only by `textContent`, never markup.
 */
import { DIALOG } from './dialog.js';
import { READOUT } from './readout.js';
import { REFRESH } from './refresh.js';

const SHARED = `
const make = (tag, name, parent, text) => {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text !== undefined) element.textContent = text;
  if (parent) parent.append(element);
  return element;
};`;

export const SCRIPT: string = `(() => {\n'use strict';${SHARED}${READOUT}${DIALOG}${REFRESH}\n})();`;

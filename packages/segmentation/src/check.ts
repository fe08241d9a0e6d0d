/** Whether a value that a user's module gave is a task: the first field that is wrong is named. */
import { InfnetError } from '@infnet/core';
import type { SegmentationTask } from './task.js';

type Kind = 'text' | 'texts' | 'list' | 'function' | 'object';

const FIELDS: Readonly<Record<Exclude<keyof SegmentationTask, 'window'>, Kind>> = {
  name: 'text',
  summary: 'text',
  classes: 'list',
  companions: 'list',
  netOptions: 'list',
  signatures: 'list',
  maps: 'list',
  losses: 'texts',
  training: 'object',
  net: 'function',
  recognise: 'function',
  draw: 'function',
  drawTruth: 'function',
  scores: 'function',
  openData: 'function',
};

const WORDS: Readonly<Record<Kind, string>> = {
  text: 'a text that is not empty',
  texts: 'a list of one text or more',
  list: 'a list',
  function: 'a function',
  object: 'an object',
};

/** @param where the module's file @throws InfnetError `TASK_FIELD` */
export function assertTask(value: unknown, where: string): asserts value is SegmentationTask {
  const wrong = wrongField(value);
  if (wrong === undefined) return;
  throw new InfnetError({
    code: 'TASK_FIELD',
    message: `The module's default export is no task: ${wrong}.`,
    where,
    fix: 'Export what defineTask of @infnet/segmentation gives: export default defineTask({ name, classes, net, logits, loss }).',
  });
}

function wrongField(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return `it is ${value === undefined ? 'missing' : typeof value}`;
  const fields: Readonly<Record<string, unknown>> = { ...value };
  for (const [name, kind] of Object.entries(FIELDS)) {
    if (!isOf(kind, fields[name])) return `${name} is ${said(fields[name])}, it must be ${WORDS[kind]}`;
  }
  const classes = fields['classes'];
  if (!Array.isArray(classes) || classes.length < 2) return 'classes must be two or more, the background first';
  for (const [k, one] of classes.entries()) {
    const { name, key, colour }: Readonly<Record<string, unknown>> = { ...one };
    if (!isOf('text', name) || !isOf('text', key)) return `classes[${k}] has no name`;
    if (!Array.isArray(colour) || colour.length !== 3) return `classes[${k}].colour is no colour [red, green, blue]`;
  }
  return undefined;
}

function isOf(kind: Kind, value: unknown): boolean {
  if (kind === 'function' || kind === 'object') return typeof value === kind && value !== null;
  if (kind === 'text') return typeof value === 'string' && value !== '';
  if (!Array.isArray(value)) return false;
  return kind === 'list' || (value.length > 0 && value.every((one) => isOf('text', one)));
}

function said(value: unknown): string {
  if (value === undefined) return 'missing';
  return Array.isArray(value) ? `a list of ${value.length}` : `${typeof value}`;
}

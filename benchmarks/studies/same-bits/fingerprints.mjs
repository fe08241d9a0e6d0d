/** SHA-256 of files, without what differs from run to run by its nature. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export const hashOf = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Fields of JSON documents that say when something was, or how long it took. */
const TIMES = /^(time|timings|seconds|.*Seconds)$/;

/** [name, SHA-256] of all files below a folder; of safetensors, those of every tensor and of the metadata. */
export function fingerprintsOf(folder, prefix) {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
  return names.flatMap((name) =>
    partsOf(name, readFileSync(join(folder, name))).map(([part, bytes]) => {
      return [`${prefix} ${name}${part}`, hashOf(bytes)];
    }),
  );
}

/** A document without its times. */
export function withoutTimes(value) {
  if (Array.isArray(value)) return value.map(withoutTimes);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => !TIMES.test(key));
  return Object.fromEntries(kept.map(([key, entry]) => [key, withoutTimes(entry)]));
}

function partsOf(name, bytes) {
  if (name.endsWith('.safetensors')) return tensorsOf(bytes);
  if (name.endsWith('.gz')) return [['', gunzipSync(bytes)]];
  if (name.endsWith('.json')) return [['', json(bytes.toString())]];
  if (name.endsWith('.jsonl')) {
    const lines = bytes
      .toString()
      .split('\n')
      .filter((line) => line !== '');
    return [['', lines.map(json).join('\n')]];
  }
  if (name.endsWith('.html')) return [['', htmlWithoutTimes(bytes.toString())]];
  return [['', bytes]];
}

const json = (text) => JSON.stringify(withoutTimes(JSON.parse(text)));

/** [name, bytes] of the metadata and of every tensor. */
function tensorsOf(bytes) {
  const length = Number(bytes.readBigUInt64LE(0));
  const { __metadata__: metadata = {}, ...tensors } = JSON.parse(bytes.subarray(8, 8 + length).toString());
  const data = bytes.subarray(8 + length);
  return [
    [' metadata', JSON.stringify(metadata)],
    ...Object.entries(tensors).map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [from, to],
        },
      ]) => {
        return [` ${name}`, Buffer.concat([Buffer.from(`${dtype} ${shape}`), data.subarray(from, to)])];
      },
    ),
  ];
}

/** A report without its chart of the time of a step, times of day, how long the whole took, and times in its data. */
function htmlWithoutTimes(text) {
  return text
    .replaceAll(/<figure[^>]*><figcaption>Time of a step[\s\S]*?<\/figure>/g, '')
    .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?/g, '')
    .replaceAll(/(\d+ (?:steps|epochs)), [\d.]+ (s|min|h)\b/g, '$1')
    .replaceAll(/"seconds":[\d.e-]+/g, '');
}

/**
 * The `.pth` format of torch < 1.6 (and of `_use_new_zipfile_serialization=False`): a stream of
 *
 *   pickle  the magic number
 *   pickle  the protocol version, 1001
 *   pickle  facts about the machine: little_endian, sizes of types
 *   pickle  the object; tensors refer to storages by key
 *   pickle  the list of keys
 *   then, per key in that order: the number of elements (int64) and the elements
 *
 * Storages lie wherever the stream had come to, so most of them are not aligned and are copied once.
 */
import { ByteReader } from '../bytes/reader.js';
import { latin1 } from '../bytes/text.js';
import { checkpointError, corrupt, quote, truncated } from '../errors.js';
import { forbidden, resolveGlobal } from '../pickle/globals.js';
import { PICKLE_LIMITS, PickleMeter } from '../pickle/limits.js';
import { elementSize, parseStorageId } from '../pickle/rebuild.js';
import { unpickle } from '../pickle/unpickler.js';
import { describe, PyDict, PyInert, PyList, type StorageRef } from '../pickle/values.js';
import type { PickledFile } from './storages.js';

/** 0x1950a86a20f9469cfc6c, little-endian, as it stands in the file after two or more bytes of pickle. */
const MAGIC: readonly number[] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const MAGIC_NUMBER = 0x1950a86a20f9469cfc6cn;
const PROTOCOL_VERSION = 1001;

/** The number as protocols 0 and 1 write it. */
const MAGIC_TEXT = `L${MAGIC_NUMBER}L\n.`;

/** Whether the bytes start as a stream of this format does. */
export function isPthLegacy(bytes: Uint8Array): boolean {
  if (bytes[0] === 0x4c) return latin1(bytes.subarray(0, MAGIC_TEXT.length)) === MAGIC_TEXT;
  if (bytes[0] !== 0x80) return false;
  // Protocol 4 puts a frame header (9 bytes) between the protocol and the number.
  for (let start = 4; start <= 13; start++) {
    if (MAGIC.every((byte, i) => bytes[start + i] === byte)) return true;
  }
  return false;
}

/** Reads the object and finds the storages. */
export function readPthLegacy(bytes: Uint8Array): PickledFile {
  const reader = new ByteReader(bytes, 'The file');
  const meter = new PickleMeter(PICKLE_LIMITS, bytes.length);
  if (unpickle(reader, { meter }) !== MAGIC_NUMBER)
    throw corrupt('The file does not start with the number of torch.save.');
  const version = unpickle(reader, { meter });
  if (version !== PROTOCOL_VERSION) {
    throw corrupt(`The file has version ${typeof version === 'number' ? version : describe(version)}, not 1001.`);
  }
  const machine = unpickle(reader, { meter });
  if (machine instanceof PyDict && machine.get('little_endian') === false) {
    throw checkpointError(
      'CHECKPOINT_UNSUPPORTED',
      'The file was written on a big-endian machine.',
      'Load it there and save it as safetensors.',
    );
  }
  const named = new Map<string, StorageRef>();
  const root = unpickle(reader, {
    meter,
    persistentLoad: (id) => {
      const storage = parseStorageId(id, resolveGlobal);
      if (storage instanceof PyInert) {
        // How long its bytes are is not known, and with that where the next storage begins.
        if (storage.isTensor) throw forbidden(storage.name);
        return storage;
      }
      const known = named.get(storage.key);
      if (known !== undefined && (known.count !== storage.count || elementSize(known) !== elementSize(storage))) {
        throw corrupt(`Storage ${quote(storage.key)} is named with two different lengths.`);
      }
      named.set(storage.key, storage);
      return storage;
    },
  });
  const keys = unpickle(reader, { meter });
  if (!(keys instanceof PyList)) throw corrupt(`The file has ${describe(keys)} where its list of storages should be.`);
  const found = findStorages(reader, keys, named);
  return {
    root,
    storages: (key) => {
      const bytesOfKey = found.get(key);
      if (bytesOfKey === undefined) throw corrupt(`The file has no storage ${quote(key)}, which a tensor needs.`);
      return bytesOfKey;
    },
  };
}

function findStorages(
  reader: ByteReader,
  keys: PyList,
  named: ReadonlyMap<string, StorageRef>,
): ReadonlyMap<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  for (const key of keys.items) {
    const storage = typeof key === 'string' ? named.get(key) : undefined;
    if (storage === undefined) throw corrupt(`The file lists a storage that no tensor names: ${describe(key)}.`);
    if (found.has(storage.key)) throw corrupt(`The file lists storage ${quote(storage.key)} twice.`);
    const count = reader.u64();
    if (count !== storage.count) {
      throw corrupt(`Storage ${quote(storage.key)} has ${count} elements; its tensors expect ${storage.count}.`);
    }
    const length = count * elementSize(storage);
    if (length > reader.remaining) {
      throw truncated(
        `The file was cut off: storage ${quote(storage.key)} needs ${length} bytes and ${reader.remaining} are left.`,
      );
    }
    found.set(storage.key, reader.take(length));
  }
  return found;
}

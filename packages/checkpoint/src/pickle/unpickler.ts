/**
 * A pickle interpreter that can only make data.
 *
 * A pickle is a program for a stack machine: opcodes push values, collect everything above a mark into a tuple or
 * dictionary, keep values in a numbered memo, and call functions. This one knows the opcodes of protocols 0 to 5. Names
 * of functions go through the list in `globals.ts`, calls reach functions of this package only, and what is not on the
 * list stays inert: "calling" it, or giving it items and attributes, only notes what it was given. Everything is
 * counted (`limits.ts`). There is no recursion, so nesting cannot exhaust the JavaScript stack.
 */
import type { ByteReader } from '../bytes/reader.js';
import { decodeText, decodeUtf8 } from '../bytes/text.js';
import { checkpointError, corrupt, quote } from '../errors.js';
import { resolveGlobal } from './globals.js';
import { decodeLong } from './integers.js';
import { COST, PickleMeter } from './limits.js';
import { HIGHEST_PROTOCOL, OP } from './opcodes.js';
import { decodeDecimal, decodeFloat, decodeQuoted, decodeRawUnicode } from './text-values.js';
import { describe, PyDict, PyGlobal, PyInert, PyList, PySet, PyTuple, type PyValue } from './values.js';

/** What a pickle may refer to. */
export interface UnpickleOptions {
  /** Turns a persistent id into a value; without it such a reference is an error. */
  readonly persistentLoad?: (id: PyValue) => PyValue;
  /** Shared by the pickles of one file. */
  readonly meter?: PickleMeter;
}

/** Reads one pickle, up to its STOP, and leaves the reader behind it. */
export function unpickle(reader: ByteReader, options: UnpickleOptions = {}): PyValue {
  return new Unpickler(reader, options).run();
}

class Unpickler {
  readonly #reader: ByteReader;
  readonly #persistentLoad: UnpickleOptions['persistentLoad'];
  readonly #meter: PickleMeter;
  readonly #stack: PyValue[] = [];
  /** Heights of the stack where a MARK was set. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PyValue>();

  constructor(reader: ByteReader, options: UnpickleOptions) {
    this.#reader = reader;
    this.#persistentLoad = options.persistentLoad;
    this.#meter = options.meter ?? new PickleMeter();
  }

  run(): PyValue {
    for (;;) {
      this.#meter.opcode();
      const opcode = this.#reader.u8();
      if (opcode === OP.STOP) return this.#pop();
      this.#step(opcode);
    }
  }

  #step(opcode: number): void {
    const reader = this.#reader;
    const stack = this.#stack;
    switch (opcode) {
      case OP.PROTO:
        this.#protocol(reader.u8());
        break;
      case OP.FRAME:
        // A frame only tells a reader of streams how much to buffer.
        reader.skip(8);
        break;

      case OP.NONE:
        this.#push(null);
        break;
      case OP.NEWTRUE:
        this.#push(true);
        break;
      case OP.NEWFALSE:
        this.#push(false);
        break;
      case OP.BININT:
        this.#push(reader.i32());
        break;
      case OP.BININT1:
        this.#push(reader.u8());
        break;
      case OP.BININT2:
        this.#push(reader.u16());
        break;
      case OP.LONG1:
        this.#push(decodeLong(reader.take(reader.u8())));
        break;
      case OP.LONG4:
        this.#push(decodeLong(reader.take(reader.u32())));
        break;
      case OP.BINFLOAT:
        this.#push(reader.f64BigEndian());
        break;
      case OP.INT:
      case OP.LONG:
        this.#push(decodeDecimal(reader.line()));
        break;
      case OP.FLOAT:
        this.#push(decodeFloat(reader.line()));
        break;
      case OP.STRING:
        this.#push(decodeQuoted(reader.lineBytes()));
        break;
      case OP.UNICODE:
        this.#push(decodeRawUnicode(reader.lineBytes()));
        break;
      case OP.BINUNICODE:
        this.#push(decodeUtf8(reader.take(reader.u32())));
        break;
      case OP.SHORT_BINUNICODE:
        this.#push(decodeUtf8(reader.take(reader.u8())));
        break;
      case OP.BINUNICODE8:
        this.#push(decodeUtf8(reader.take(reader.u64())));
        break;
      case OP.BINSTRING:
        this.#push(decodeText(reader.take(reader.u32())));
        break;
      case OP.SHORT_BINSTRING:
        this.#push(decodeText(reader.take(reader.u8())));
        break;
      case OP.BINBYTES:
        this.#make(reader.take(reader.u32()));
        break;
      case OP.SHORT_BINBYTES:
        this.#make(reader.take(reader.u8()));
        break;
      case OP.BINBYTES8:
      case OP.BYTEARRAY8:
        this.#make(reader.take(reader.u64()));
        break;

      case OP.MARK:
        this.#marks.push(stack.length);
        this.#meter.depth(this.#marks.length);
        break;
      case OP.POP:
        if (stack.length === this.#floor()) this.#popMark();
        else this.#pop();
        break;
      case OP.POP_MARK:
        this.#popMark();
        break;
      case OP.DUP:
        this.#pushAgain(this.#top());
        break;
      case OP.BINPUT:
        this.#put(reader.u8());
        break;
      case OP.LONG_BINPUT:
        this.#put(reader.u32());
        break;
      case OP.PUT:
        this.#put(this.#index(reader.line()));
        break;
      case OP.GET:
        this.#get(this.#index(reader.line()));
        break;
      case OP.MEMOIZE:
        this.#put(this.#memo.size);
        break;
      case OP.BINGET:
        this.#get(reader.u8());
        break;
      case OP.LONG_BINGET:
        this.#get(reader.u32());
        break;

      case OP.EMPTY_TUPLE:
        this.#make(new PyTuple([]));
        break;
      case OP.TUPLE1:
        this.#make(new PyTuple([this.#pop()]));
        break;
      case OP.TUPLE2:
        this.#make(new PyTuple(this.#popSome(2)));
        break;
      case OP.TUPLE3:
        this.#make(new PyTuple(this.#popSome(3)));
        break;
      case OP.TUPLE:
        this.#make(new PyTuple(this.#popMark()));
        break;
      case OP.EMPTY_LIST:
        this.#make(new PyList());
        break;
      case OP.LIST:
        this.#makeFilled(new PyList(), this.#popMark());
        break;
      case OP.APPEND:
        this.#append([this.#pop()], PyList);
        break;
      case OP.APPENDS:
        this.#append(this.#popMark(), PyList);
        break;
      case OP.EMPTY_SET:
        this.#make(new PySet());
        break;
      case OP.FROZENSET:
        this.#makeFilled(new PySet(), this.#popMark());
        break;
      case OP.ADDITEMS:
        this.#append(this.#popMark(), PySet);
        break;
      case OP.EMPTY_DICT:
        this.#make(new PyDict());
        break;
      case OP.DICT: {
        const items = this.#popMark();
        this.#make(new PyDict());
        this.#setItems(items);
        break;
      }
      case OP.SETITEM:
        this.#setItems(this.#popSome(2));
        break;
      case OP.SETITEMS:
        this.#setItems(this.#popMark());
        break;

      case OP.GLOBAL:
        this.#global(reader.line(), reader.line());
        break;
      case OP.STACK_GLOBAL:
        this.#stackGlobal();
        break;
      case OP.INST: {
        const type = resolveGlobal(reader.line(), reader.line());
        this.#call(type, this.#popMark());
        break;
      }
      case OP.OBJ: {
        const [type, ...args] = this.#popMark();
        this.#call(type, args);
        break;
      }
      case OP.REDUCE:
      case OP.NEWOBJ: {
        const [callable, args] = this.#popSome(2);
        if (!(args instanceof PyTuple)) throw this.#bad(`calls ${describe(callable)} with ${describe(args)}`);
        this.#call(callable, args.items);
        break;
      }
      case OP.BUILD:
        this.#build();
        break;
      case OP.NEWOBJ_EX: {
        const [type, args, named] = this.#popSome(3);
        if (!(args instanceof PyTuple)) throw this.#bad(`makes ${describe(type)} with ${describe(args)}`);
        // No class on the list takes arguments by name.
        const plain = named instanceof PyDict && named.size === 0;
        this.#call(plain ? type : new PyInert(describe(type)), plain ? args.items : [args, named ?? null]);
        break;
      }
      case OP.BINPERSID:
        this.#persistent(this.#pop());
        break;
      case OP.PERSID:
        this.#persistent(reader.line());
        break;
      case OP.EXT1:
        this.#make(new PyInert(`extension registry code ${reader.u8()}`));
        break;
      case OP.EXT2:
        this.#make(new PyInert(`extension registry code ${reader.u16()}`));
        break;
      case OP.EXT4:
        this.#make(new PyInert(`extension registry code ${reader.u32()}`));
        break;
      default:
        throw this.#bad(`has opcode 0x${opcode.toString(16).padStart(2, '0')}, which state dicts do not use`);
    }
  }

  #protocol(version: number): void {
    if (version <= HIGHEST_PROTOCOL) return;
    throw checkpointError(
      'CHECKPOINT_UNSUPPORTED',
      `The file is a pickle of protocol ${version}; at most ${HIGHEST_PROTOCOL} is read.`,
      'Save it again with torch.save and its default pickle_protocol.',
    );
  }

  #push(value: PyValue): void {
    const size = typeof value === 'string' ? COST.value + value.length : typeof value === 'number' ? COST.value : 0;
    this.#meter.spend(COST.place + size);
    this.#stack.push(value);
  }

  /** A text or value that was stored before: a place, and no more. */
  #pushAgain(value: PyValue): void {
    this.#meter.spend(COST.place);
    this.#stack.push(value);
  }

  /** Pushes a new object, which is counted. */
  #make(value: PyValue): void {
    this.#meter.object();
    if (value instanceof Uint8Array) this.#meter.spend(COST.view);
    this.#stack.push(value);
  }

  #makeFilled(target: PyList | PySet, items: readonly PyValue[]): void {
    for (const item of items) target.items.push(item);
    this.#make(target);
  }

  /** Height below which values belong to an outer structure. */
  #floor(): number {
    return this.#marks.at(-1) ?? 0;
  }

  #top(): PyValue {
    if (this.#stack.length <= this.#floor()) throw this.#bad('takes a value from an empty stack');
    return this.#stack.at(-1) as PyValue;
  }

  #pop(): PyValue {
    const value = this.#top();
    this.#stack.length--;
    return value;
  }

  #popSome(count: number): PyValue[] {
    if (this.#stack.length - count < this.#floor()) throw this.#bad('takes a value from an empty stack');
    return this.#stack.splice(-count);
  }

  #popMark(): PyValue[] {
    const height = this.#marks.pop();
    if (height === undefined) throw this.#bad('closes a structure that was never opened');
    return this.#stack.splice(height);
  }

  #put(index: number): void {
    this.#meter.spend(COST.entry);
    this.#memo.set(index, this.#top());
    this.#meter.memo(this.#memo.size);
  }

  #get(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.#bad(`uses memo entry ${index}, which it never stored`);
    this.#pushAgain(value);
  }

  #index(line: string): number {
    const index = Number(line);
    if (!/^\d{1,10}$/.test(line)) throw this.#bad('has a memo entry that is no number');
    return index;
  }

  #append(items: readonly PyValue[], type: typeof PyList | typeof PySet): void {
    const target = this.#top();
    if (target instanceof PyInert) {
      target.give(items);
      return;
    }
    if (!(target instanceof type)) throw this.#bad(`appends to ${describe(target)}`);
    for (const item of items) target.items.push(item);
  }

  #setItems(items: readonly PyValue[]): void {
    const target = this.#top();
    if (items.length % 2 !== 0) throw this.#bad('has a dictionary key without a value');
    if (!(target instanceof PyInert || target instanceof PyDict)) {
      throw this.#bad(`sets an item of ${describe(target)}`);
    }
    this.#meter.spend((COST.entry * items.length) / 2);
    for (let i = 0; i < items.length; i += 2) {
      const [key, value] = [items[i] as PyValue, items[i + 1] as PyValue];
      // Python takes the last; no dictionary is written so, and readers may disagree about which one counts.
      if (typeof key === 'string' && target.has(key)) throw this.#bad(`has the key ${quote(key)} twice`);
      target.set(key, value);
    }
  }

  #stackGlobal(): void {
    const [module, name] = this.#popSome(2);
    if (typeof module !== 'string' || typeof name !== 'string') {
      throw this.#bad(`names a global by ${describe(module)} and ${describe(name)}`);
    }
    this.#global(module, name);
  }

  #global(module: string, name: string): void {
    const found = resolveGlobal(module, name);
    if (found instanceof PyInert) this.#make(found);
    else this.#push(found);
  }

  #persistent(id: PyValue): void {
    if (this.#persistentLoad === undefined) throw this.#bad('refers to something outside it');
    this.#make(this.#persistentLoad(id));
  }

  #call(callable: PyValue | undefined, args: readonly PyValue[]): void {
    if (callable instanceof PyInert) {
      // A bare name has nothing in it; an instance that is called goes along.
      const bare = callable.args.length + callable.given.length === 0;
      // The arguments may be one long tuple that is called with again and again.
      if (!bare) this.#meter.spend(COST.place * args.length);
      this.#make(new PyInert(callable.name, bare ? args : [callable, ...args]));
      return;
    }
    const call = callable instanceof PyGlobal ? callable.means.call : undefined;
    if (call === undefined) throw this.#bad(`calls ${describe(callable)}`);
    this.#make(call(args, this.#meter));
  }

  /** BUILD gives an object attributes. Those of dictionaries (`_metadata` of a state dict) are dropped. */
  #build(): void {
    const state = this.#pop();
    const target = this.#top();
    if (target instanceof PyInert) target.give([state]);
    else if (!(target instanceof PyDict)) throw this.#bad(`sets attributes of ${describe(target)}`);
  }

  #bad(what: string): Error {
    return corrupt(`The pickle in the file ${what} (at byte ${this.#reader.position}).`);
  }
}

/**
 * The plan of the house: which room stands on which floor. A new package is one entry here; then
 * `node scripts/check-floors.mjs --draw` writes table and drawing into CONTRIBUTING.md again.
 */

/**
 * The floors, the highest first; a room may import from rows below its own only. A room is a folder below `packages/`,
 * or one with a slash or of the repository's root, as it stands; one that does not exist (yet) is passed over.
 */
export const floors = [
  {
    floor: '7',
    rooms: [
      'cli',
      'apps/page',
      'examples/own-task',
      'examples/custom-net',
      'examples/embed-kernel',
      'benchmarks',
      'fuzz',
    ],
    what: 'what people start',
  },
  { floor: '5', rooms: ['segmentation'], what: 'tasks: what a slice becomes, what logits mean' },
  { floor: '4', rooms: ['inf-net', 'trainer'], what: 'composed nets; training' },
  {
    floor: '3',
    rooms: ['res2net', 'partial-decoder', 'reverse-attention', 'edge-attention'],
    what: 'the parts of the net, each with its kernels, operators and modules',
  },
  { floor: '2.5', rooms: ['conv-block'], what: 'convolution with batch norm, the block the decoders are made of' },
  { floor: '2', rooms: ['conv', 'nn'], what: 'convolution; everything else a net is made of' },
  {
    floor: '1',
    rooms: ['core'],
    what: 'context, kernels as data, tensors, tracing, gradients, planning, profiling',
  },
  {
    floor: 'beside',
    rooms: ['checkpoint', 'data', 'metrics', 'report'],
    what: 'files of weights; images and masks; scores; HTML reports. They know the ground floor only',
  },
  { floor: '0.2', rooms: ['node'], what: 'Dawn in Node' },
  { floor: '0.1', rooms: ['swiftshader'], what: 'the software adapter' },
  { floor: '0', rooms: ['errors', 'inflate'], what: 'errors; compressed streams' },
];

/** These may import only what is listed, whatever lies below them. */
export const only = {
  checkpoint: ['errors', 'inflate'],
  data: ['errors', 'inflate'],
  metrics: ['errors'],
  report: ['errors'],
  core: ['errors', 'node'],
};

/** Where Node's own modules may be imported, besides what people start. Everything else runs in a page. */
export const nodeRooms = new Set(['node', 'swiftshader', 'cli']);

/** Private, for tests alone; it may look at anything, and nothing may look at it. */
export const exempt = new Set(['testing']);

/** The folder of a room in the repository. */
export function folderOf(room) {
  return room.includes('/') || room === 'benchmarks' || room === 'fuzz' ? room : `packages/${room}`;
}

/** The row of every room, counted from the ground. */
export const heights = new Map(
  floors.flatMap(({ rooms }, row) => rooms.map((room) => [room, floors.length - 1 - row])),
);

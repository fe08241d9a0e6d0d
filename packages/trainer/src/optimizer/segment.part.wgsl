// One parameter's stretches of a slab, a line and the moments' slabs; a row of the table that segments.ts packs.

struct Segment {
  slabStart: u32,
  lineStart: u32,
  stateStart: u32,
  count: u32, // values
  learningRate: f32, // factor of the step's
  weightDecay: f32,
}

const SEGMENT_WORDS = 8u;

fn segmentOf(index: u32) -> Segment {
  let at = index * SEGMENT_WORDS;
  return Segment(
    segments[at], segments[at + 1u], segments[at + 2u], segments[at + 3u],
    bitcast<f32>(segments[at + 4u]), bitcast<f32>(segments[at + 5u]),
  );
}

// trainer/joint-loss-total: the joint loss from its sums, and what its gradient needs of each image.
//
//   F, WF, W, I, S, S - 2 I = sums over image n                                (joint-loss.wgsl)
//   A = I + 1,  B = S - I + 1,  iou loss of the image = 1 - A / B = (S - 2 I) / B
//   WEIGHTED 0:  y = (sum of F) / (N item) + mean over images of the iou loss       the released code (quirk 10)
//   WEIGHTED 1:  y = mean over images of WF / W + the iou loss                      the paper
//   image[n] = A / (N B B),  1 / (N B),  and with WEIGHTED 1: 1 / (N W)
//
//   partial  [N * groupsPerRow, 6]  read
//   y        [1]     written at yOffset
//   image    [N, 4]  written from imageOffset on
//
// Tile: one workgroup. Its 64 invocations sum every 64th partial each, image by image; then invocation 0 adds their
// sums in order. Dispatch: 1 workgroup.

struct Params {
  yOffset: u32, imageOffset: u32,
  images: u32, groupsPerRow: u32, item: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> image: array<f32>;

var<workgroup> sums: array<f32, 384>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  let images = f32(params.images);
  var loss = 0.0;
  for (var n = 0u; n < params.images; n++) {
#for k in 0..6
    var sum$(k) = 0.0;
#end
    for (var j = lane; j < params.groupsPerRow; j += 64u) {
      let base = (n * params.groupsPerRow + j) * 6u;
#for k in 0..6
      sum$(k) += partial[base + $(k)u];
#end
    }
#for k in 0..6
    sums[$(k * 64)u + lane] = sum$(k);
#end
    workgroupBarrier();
    if (lane == 0u) {
      for (var l = 1u; l < 64u; l++) {
#for k in 0..6
        sum$(k) += sums[$(k * 64)u + l];
#end
      }
      let a = sum3 + 1.0;
      let b = sum4 - sum3 + 1.0;
      let at = params.imageOffset + n * 4u;
      image[at] = a / (images * b * b);
      image[at + 1u] = 1.0 / (images * b);
#if WEIGHTED
      image[at + 2u] = 1.0 / (images * sum2);
      loss += sum1 / sum2 / images;
#else
      image[at + 2u] = 0.0;
      loss += sum0 / f32(params.item) / images;
#end
      image[at + 3u] = 0.0;
      loss += sum5 / b / images;
    }
    workgroupBarrier();
  }
  if (lane == 0u) { y[params.yOffset] = loss; }
}

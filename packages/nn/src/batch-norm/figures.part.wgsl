// What a channel is normalised by: from the statistics of the batch (BATCH 1), or from the running ones. MEAN 0 where
// the running mean is not needed.
#default MEAN 1
struct Figures {
  inverse: f32, // 1 / sqrt(variance + eps)
  center: f32,
  lacking: f32, // what the mean's float lacks
}

fn figuresOf(c: u32) -> Figures {
#if BATCH
  let at = params.statisticsOffset + c;
  return Figures(statistics[at + params.channels], statistics[at], statistics[at + 2u * params.channels]);
#else
  let inverse = inverseSqrt(variance[params.varianceOffset + c] + params.eps);
#if MEAN
  return Figures(inverse, mean[params.meanOffset + c], 0.0);
#else
  return Figures(inverse, 0.0, 0.0);
#end
#end
}

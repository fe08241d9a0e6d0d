// What a channel is normalised by: from the statistics of the batch (BATCH 1), or from the running ones. MEAN 0 where
// the running mean is not needed. GROUPED 1: what group c of `params.groups` is.
#default MEAN 1
#default GROUPED 0

struct Figures {
  inverse: f32, // 1 / sqrt(variance + eps)
  center: f32,
  lacking: f32, // what the mean's float lacks
}

fn figuresOf(c: u32) -> Figures {
#if GROUPED
  let at = params.statisticsOffset + c;
  return Figures(statistics[at + params.groups], statistics[at], statistics[at + 2u * params.groups]);
#elif BATCH
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

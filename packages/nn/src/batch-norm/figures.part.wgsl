// What a channel is normalised by: from the statistics of the batch (BATCH 1), or from the running ones. MEAN 0 where
// the running mean is not needed. GROUPED 1: what group c of `params.groups` is. EACH_FIGURES 1: what the VECTOR groups
// from VECTOR * c on are.
#default MEAN 1
#default GROUPED 0
#default EACH_FIGURES 0
#if EACH_FIGURES
alias Figure = Value;
#else
alias Figure = f32;
#end

struct Figures {
  inverse: Figure, // 1 / sqrt(variance + eps)
  center: Figure,
  lacking: Figure, // what the mean's float lacks
}

fn figuresOf(c: u32) -> Figures {
#if GROUPED
#if EACH_FIGURES
  let at = params.statisticsOffset / $(VECTOR)u + c;
  let groups = params.groups / $(VECTOR)u;
#else
  let at = params.statisticsOffset + c;
  let groups = params.groups;
#end
  return Figures(statistics[at + groups], statistics[at], statistics[at + 2u * groups]);
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

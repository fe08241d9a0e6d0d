// How weights are stored.
#if HALF_WEIGHTS
enable f16;
alias Weight = f16;
#else
alias Weight = f32;
#end

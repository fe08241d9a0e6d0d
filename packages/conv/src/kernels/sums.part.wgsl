  // Registers cannot be indexed in a loop, and unrolled stores take ten times as long to compile: through an array.
  var sums: array<f32, $(ROWS * COLUMNS)>;
#for i in 0..ROWS
#for j in 0..COLUMNS
  sums[$(i * COLUMNS + j)] = sum$(i)_$(j);
#end
#end

  // The sums of a tile, in registers.
#for i in 0..ROWS
#for j in 0..COLUMNS
  var sum$(i)_$(j) = 0.0;
#end
#end

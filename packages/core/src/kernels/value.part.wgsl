// What one load or store moves: a float, or four where VECTOR is 4.
#if VECTOR == 4
alias Value = vec4<f32>;
#else
alias Value = f32;
#end

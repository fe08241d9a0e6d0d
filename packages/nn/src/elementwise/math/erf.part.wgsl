// The error function within 1e-7. Needs exp.part.wgsl. Both polynomials were fitted to erf at Chebyshev's nodes.

fn erf(v: f32) -> f32 {
  let size = min(abs(v), 4.0);
  let q = size * size;
  // erf(v) / v - 1, in v^2, up to 1.
  let near = size + size * (0.12837917 + q * (-0.37612627 + q * (0.11283594 + q * (-0.026854213
    + q * (0.0051890874 + q * (-0.00080168643 + q * 0.00007875875))))));
  // -log(1 - erf(v)), from 1 to 4.
  let p = -0.00032013806 + size * (1.1302334 + size * (0.63182604 + size * (0.11008008 + size * (-0.026421136
    + size * (0.0047595962 + size * (-0.00059680564 + size * (0.000046058042 - size * 0.0000016371514)))))));
  let result = select(1.0 - preciseExp(-p), near, size < 1.0);
  return keepNan(select(result, -result, v < 0.0), v);
}

// Bilinear interpolation (align_corners = false): the four values around a position and their weights.
struct Corners {
  // Where the rows begin in the plane, and the columns.
  upper: u32,
  lower: u32,
  left: u32,
  right: u32,
  // Shares of the lower row and of the right column.
  down: f32,
  along: f32,
}

/// Of a plane of height x width; `rowStep` and `columnStep` are its sizes over those of the result, and 1 copies.
fn cornersAt(row: u32, column: u32, height: u32, width: u32, rowStep: f32, columnStep: f32) -> Corners {
  let v = max((f32(row) + 0.5) * rowStep - 0.5, 0.0);
  let u = max((f32(column) + 0.5) * columnStep - 0.5, 0.0);
  let top = min(u32(v), height - 1u);
  let left = min(u32(u), width - 1u);
  let bottom = min(top + select(0u, 1u, rowStep != 1.0), height - 1u);
  let right = min(left + select(0u, 1u, columnStep != 1.0), width - 1u);
  return Corners(top * width, bottom * width, left, right, v - f32(top), u - f32(left));
}

fn interpolate(at: Corners, upperLeft: f32, upperRight: f32, lowerLeft: f32, lowerRight: f32) -> f32 {
  let above = (1.0 - at.along) * upperLeft + at.along * upperRight;
  let below = (1.0 - at.along) * lowerLeft + at.along * lowerRight;
  return (1.0 - at.down) * above + at.down * below;
}

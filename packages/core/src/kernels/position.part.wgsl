// Positions in images.
struct Position {
  n: u32,
  plane: u32,
  row: u32,
  column: u32,
}

/// The t-th position of [N, planes, rows, columns].
fn positionOf(t: u32, planes: u32, rows: u32, columns: u32) -> Position {
  let line = t / columns;
  let plane = line / rows;
  let n = plane / planes;
  return Position(n, plane - n * planes, line - plane * rows, t - line * columns);
}

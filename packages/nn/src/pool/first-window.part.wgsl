/// The first window that reaches position p of the padded map.
fn firstWindow(p: u32, extent: u32, stride: u32) -> u32 {
  return select(0u, (p - extent) / stride + 1u, p >= extent);
}

fn stepControl(at: u32) -> StepControl {
  return StepControl(
    control[at], control[at + 1u], control[at + 2u], control[at + 3u], control[at + 4u],
    control[at + 5u], control[at + 6u], control[at + 7u], control[at + 8u],
  );
}

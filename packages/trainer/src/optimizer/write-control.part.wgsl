fn store(at: u32, made: StepControl) {
  result[at] = made.moves;
  result[at + 1u] = made.scale;
  result[at + 2u] = made.norm;
  result[at + 3u] = made.largestGradient;
  result[at + 4u] = made.finite;
  result[at + 5u] = made.looks;
  result[at + 6u] = made.largestParameter;
  result[at + 7u] = made.largestMoment1;
  result[at + 8u] = made.largestMoment2;
}

"""What simulators share: threads, random numbers, first passages; and simulators from a function of one trial."""

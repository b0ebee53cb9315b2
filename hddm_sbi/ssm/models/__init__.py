"""One file a process: its parameters, symmetries and simulator."""

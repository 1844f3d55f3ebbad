"""What happened: the append-only log and retention."""

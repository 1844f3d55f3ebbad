"""What the pages about campaigns read."""

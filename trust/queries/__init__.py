"""What the pages of the public site read."""

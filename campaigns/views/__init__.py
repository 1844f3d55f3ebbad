"""Pages about why we write."""

"""Pages about leads, by what they show."""

"""A workspace's data, whole and opened, in one file that needs none of us to be read."""

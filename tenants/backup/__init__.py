"""A workspace's schema, sealed and kept elsewhere, and brought back without touching another's."""

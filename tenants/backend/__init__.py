"""Database backend of the `default` alias: the bound workspace's own login."""

"""Database backend of the directory's alias: Django's, with the extended-protocol cursor."""

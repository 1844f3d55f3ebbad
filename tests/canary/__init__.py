"""The canary: what a thief of the disk, of a dump, of Redis or of the logs would find. Nothing."""

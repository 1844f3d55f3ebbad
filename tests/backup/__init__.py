"""Backups, restores and rehearsals."""

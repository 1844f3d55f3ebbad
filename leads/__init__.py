"""Whom we write to."""

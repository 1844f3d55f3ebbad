"""Proves the trust page on the live system: `manage.py verify_posture`."""

"""Credentials: provider keys, mailbox passwords, tokens; sealing at rest."""

"""Pages about people: sign-up, welcome, members, invitations, settings."""

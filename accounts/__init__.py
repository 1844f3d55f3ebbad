"""Members, roles, invitations and sign-in of one workspace."""

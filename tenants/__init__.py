"""The boundary: workspaces, logins, provisioning, export, backup."""

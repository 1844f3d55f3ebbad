"""The public site, and the verifier that proves it."""

"""Pages of signing in to the console, and of an operator's own sign-in."""

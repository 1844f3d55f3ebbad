"""How mail comes and goes."""

"""The product as a person uses it: the running installation and a browser."""

"""A release with one more column: what the migrations over many workspaces are measured with."""

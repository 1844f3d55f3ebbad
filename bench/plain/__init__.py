"""Django-tenants as its documentation sets it up: a table of tenants, one login, SET search_path."""

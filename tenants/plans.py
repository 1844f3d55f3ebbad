"""The plans an operator may set on a workspace; the paid ones may name an error server of their own."""

TRIAL = "trial"
PAID = ("team", "business", "enterprise")
PLANS = (TRIAL, *PAID)

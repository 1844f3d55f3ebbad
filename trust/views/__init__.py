"""The pages of the public site. They know no visitor and set no cookie."""

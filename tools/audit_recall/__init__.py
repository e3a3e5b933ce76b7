"""How many planted errors the audit finds, and how often it objects to what is sound."""

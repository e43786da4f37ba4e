"""Whole applications: what `lambent deploy`, `diff` and `destroy` do with a template."""

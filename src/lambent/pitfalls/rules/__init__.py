"""The rules: one pitfall, one file, named after its code in the catalogue."""

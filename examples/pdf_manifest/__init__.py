"""The PDF manifest job: one link that opens to many."""

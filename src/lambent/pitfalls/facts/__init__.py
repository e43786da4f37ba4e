"""One picture of a project, whatever it came from, with the place of each fact."""

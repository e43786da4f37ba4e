"""What goes wrong in production, found before: facts about a project, and one rule for each pitfall."""
